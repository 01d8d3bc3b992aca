package dev.pinnedstore.kotlin

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.paths.shouldExist
import io.kotest.matchers.shouldBe
import java.io.PrintWriter
import java.io.StringWriter
import java.lang.module.ModuleFinder
import java.lang.reflect.Modifier
import java.nio.file.Path
import java.util.spi.ToolProvider
import kotlin.io.path.createDirectories
import kotlin.io.path.div
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** Compares what users can see of the module with `api/kotlin-dsl.api`. */
class ApiDumpSpec :
    FreeSpec({
        "the public API changes only on purpose" {
            val actual = dump()
            if (System.getProperty("api.update").toBoolean()) {
                dumpFile.parent.createDirectories()
                dumpFile.writeText(actual)
            }
            withClue("the recorded API; write it with: $UPDATE") {
                dumpFile.shouldExist()
            }
            withClue("the public API differs from $dumpFile; if that is meant, run: $UPDATE") {
                actual shouldBe dumpFile.readText()
            }
        }
    })

private const val MODULE = "dev.pinnedstore.kotlin"
private const val UPDATE = "mvn verify -Dapi.update=true"

private val base = Path.of(System.getProperty("basedir", "")).toAbsolutePath()
private val classes = base / "target" / "classes"
private val dumpFile = base / "api" / "kotlin-dsl.api"

private fun dump(): String {
    val module = ModuleFinder.of(classes).find(MODULE).orElseThrow()
    val exported =
        module
            .descriptor()
            .exports()
            .filterNot { it.isQualified }
            .map { it.source() }
            .sorted()
    exported.shouldNotBeEmpty()
    return javap(exported.flatMap(::visibleClassFiles))
}

private fun visibleClassFiles(packageName: String): List<Path> =
    (classes / packageName.replace('.', '/'))
        .listDirectoryEntries("*.class")
        .filter { isVisible(load("$packageName.${it.nameWithoutExtension}")) }
        .sorted()

private fun load(name: String): Class<*> =
    Class.forName(name, false, ApiDumpSpec::class.java.classLoader)

private fun isVisible(type: Class<*>): Boolean {
    val local = type.isAnonymousClass || type.isLocalClass || type.isSynthetic
    val open = Modifier.isPublic(type.modifiers) || Modifier.isProtected(type.modifiers)
    return !local && open && type.declaringClass?.let(::isVisible) != false
}

private fun javap(classFiles: List<Path>): String {
    val out = StringWriter()
    val err = StringWriter()
    val arguments = listOf("-protected") + classFiles.map { it.toString() }
    val tool = ToolProvider.findFirst("javap").orElseThrow()
    val code = tool.run(PrintWriter(out), PrintWriter(err), *arguments.toTypedArray())
    withClue("javap: $err") { code shouldBe 0 }
    return out
        .toString()
        .lineSequence()
        .filterNot { it.isEmpty() || it.startsWith("Compiled from ") }
        .joinToString("\n", postfix = "\n")
}
