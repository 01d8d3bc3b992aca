/** One command that runs all of it, and what it writes: JSON, a page, the table of the README. */
package dev.pinnedstore.benchmarks.run;
