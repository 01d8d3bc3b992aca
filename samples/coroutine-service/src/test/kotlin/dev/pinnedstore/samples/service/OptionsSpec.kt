package dev.pinnedstore.samples.service

import dev.pinnedstore.kotlin.MB
import io.kotest.core.spec.style.FreeSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import java.net.InetAddress
import java.net.ServerSocket
import kotlin.time.Duration.Companion.milliseconds

class OptionsSpec :
    FreeSpec({
        "help goes to standard output and exits with 0" {
            val out = StringBuilder()
            runService(listOf("--port", "--help"), out, StringBuilder()) shouldBe 0
            out.toString() shouldBe Options.USAGE + "\n"
        }

        "a wrong argument is named, with the usage, and exits with 2" - {
            val wrong =
                mapOf(
                    listOf("--port", "65536") to "--port=65536: must be between 0 and 65535",
                    listOf("--port", "http") to "--port=http: must be between 0 and 65535",
                    listOf("--port") to "--port=: must be between 0 and 65535",
                    listOf("--memory", "1 MB") to "--memory=1 MB: must be between 2 MiB and 16 GiB",
                    listOf("--memory", "big") to "--memory=big: must be between 2 MiB and 16 GiB",
                    listOf("--wait", "11m") to "--wait=11m: must be between 0s and 10m",
                    listOf("--wait", "-1s") to "--wait=-1s: must be between 0s and 10m",
                    listOf("--speed", "9") to "--speed: no such option",
                )
            for ((arguments, message) in wrong) {
                val name = arguments.joinToString(" ")
                name {
                    val out = StringBuilder()
                    val err = StringBuilder()
                    runService(arguments, out, err) shouldBe 2
                    err.toString() shouldBe "$message\n${Options.USAGE}\n"
                    out.toString() shouldBe ""
                }
            }
        }

        "a port that is taken is named, and exits with 1" {
            ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { taken ->
                val err = StringBuilder()
                runService(listOf("--port", "${taken.localPort}"), StringBuilder(), err) shouldBe 1
                err.toString() shouldStartWith "--port=${taken.localPort}: "
            }
        }

        "arguments override the defaults one by one" {
            Options.parse(emptyList()) shouldBe Options()
            Options.parse(listOf("--port", "5")) shouldBe Options(port = 5)
            Options.parse(listOf("--memory", "4mb", "--wait", "1500ms")) shouldBe
                Options(memory = 4.MB, wait = 1500.milliseconds)
        }
    })
