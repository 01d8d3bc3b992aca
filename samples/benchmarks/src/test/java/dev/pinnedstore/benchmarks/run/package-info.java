/** What is made of the results of a run. */
package dev.pinnedstore.benchmarks.run;
