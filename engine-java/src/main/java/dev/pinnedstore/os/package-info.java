/**
 * All that talks to the operating system: where the memory of pages comes from, what the machine
 * allows, what a thread has cost. Imports nothing of the project.
 *
 * <p>Without native access only {@link FileSource} works, which calls nothing restricted. What does
 * sits behind {@link NativeMemory}, and no class there is initialised unless {@link NativeTier}
 * says that access is granted.
 */
@NullMarked
package dev.pinnedstore.os;

import org.jspecify.annotations.NullMarked;
