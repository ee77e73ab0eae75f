# SPDX-License-Identifier: Apache-2.0
"""The functions that `scripts/bench lambda` measures, and how each is built and started."""

import re
import shutil
import zipfile

from run_convert import BUILD, ROOT, WORK, NODE_AT_LEAST, Missing, output_of, run

FOLDER = WORK / "lambda"
SOURCES = ROOT / "bench" / "lambda"
JAVA_AT_LEAST = 17

# As Lambda starts Java 17 by itself: C1 alone, serial garbage collection, and 85 % of a function's 512 MB as heap.
# Source: AWS Lambda Developer Guide, "Customize Java runtime startup behavior"; it does not tell the share of the heap.
JAVA_OPTIONS = ("-XX:+TieredCompilation", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:MaxHeapSize=445645k")
JAVA_RUNTIME = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"


def build_dynatlas(_):
    return [BUILD / "bootstrap"]


def build_packaged(_):
    """What scripts/package made: the program with the libraries that it carries, unpacked as Lambda does."""
    found = sorted((ROOT / "build" / "package").glob("dynatlas-lambda_*.zip"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise Missing("build/package has no package for Lambda: scripts/package lambda makes one")
    folder = FOLDER / "packaged"
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(found[-1]) as package:
        for entry in package.infolist():
            (folder / package.extract(entry, folder)).chmod(entry.external_attr >> 16 & 0o777 or 0o755)
    return [folder / "bootstrap"]


def build_java(arguments):
    version = re.search(r'"(\d+)', output_of("sh", "-c", "java -version 2>&1"))
    if not version or int(version[1]) < JAVA_AT_LEAST or not shutil.which("mvn"):
        raise Missing(f"Java {JAVA_AT_LEAST} or later and Maven are needed: apt-get install maven openjdk-17-jdk-headless")
    folder = FOLDER / "java"
    run("mvn", "--batch-mode", "--quiet", f"-Dfolder={folder}", "package", cwd=SOURCES / "java")
    options = arguments.java_options.split() if arguments.java_options is not None else JAVA_OPTIONS
    path = f"{folder / 'function.jar'}:{folder / 'lib'}/*"
    return ["java", *options, "-cp", path, JAVA_RUNTIME, "bench.Handler::handleRequest"]


def install_node():
    version = output_of("node", "--version")
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < NODE_AT_LEAST or not shutil.which("npm"):
        raise Missing(f"Node {'.'.join(map(str, NODE_AT_LEAST))} or later with npm is needed, found {version or 'none'}")
    folder = FOLDER / "node"
    sources = SOURCES / "node"
    lock = folder / "package-lock.json"
    fresh = (folder / "node_modules").exists() and lock.read_bytes() == (sources / lock.name).read_bytes()
    shutil.copytree(sources, folder, dirs_exist_ok=True)
    if not fresh:
        run("npm", "ci", "--no-audit", "--no-fund", cwd=folder)
    return folder


def build_node(_):
    """One file, as AWS SAM and the CDK make it, too: it starts faster than the packages as they are."""
    folder = install_node()
    run("npm", "run", "--silent", "bundle", cwd=folder)
    return ["node", folder / "bundle.mjs"]


def build_node_modules(_):
    return ["node", install_node() / "main.mjs"]


BUILDERS = {
    "dynatlas": build_dynatlas,
    "packaged": build_packaged,
    "java": build_java,
    "node": build_node,
    "node-modules": build_node_modules,
}


def versions():
    return {
        "dynatlas": output_of(BUILD / "dynatlas", "--version"),
        "java": output_of("sh", "-c", "java -version 2>&1 | head -n 1"),
        "node": output_of("node", "--version"),
    }
