// SPDX-License-Identifier: Apache-2.0
//
// The `bootstrap` of the package for Lambda (docs/packaging.md): runs the real one with the loader and the libraries
// that the package carries, whatever the system has. Linked statically, so that it needs nothing itself.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/program_file.h"

namespace {

constexpr int exit_failed = 1;

std::string own_folder() {
  const char* const name = dynatlas::program_file();
  const std::unique_ptr<char, decltype(&std::free)> path(realpath(name, nullptr), &std::free);
  const std::string whole(path ? path.get() : name);
  return whole.substr(0, whole.rfind('/') + 1);
}

// The carried OpenSSL looks where Debian keeps certificates. The system's own are newer than ours, where it has some.
void set_certificates(const std::string& folder) {
  for (const std::string& file : {std::string("/etc/pki/tls/certs/ca-bundle.crt"),
                                  std::string("/etc/ssl/certs/ca-certificates.crt"), folder + "ca-certificates.crt"}) {
    if (access(file.c_str(), R_OK) != 0) continue;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread. What the user has set stays.
    setenv("SSL_CERT_FILE", file.c_str(), 0);
    return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = own_folder();
  set_certificates(folder);
  const std::string loader = folder + "lib/ld.so";
  const std::string libraries = folder + "lib";
  const std::string program = folder + "lib/bootstrap";
  // --library-path, and not LD_LIBRARY_PATH: programs that ours starts must find the system's libraries.
  std::vector<const char*> command{loader.c_str(), "--inhibit-cache", "--library-path", libraries.c_str(),
                                   "--argv0",      "bootstrap",       program.c_str()};
  command.insert(command.end(), argv + (argc > 0 ? 1 : 0), argv + argc + 1);  // with the null behind them
  execv(loader.c_str(), const_cast<char**>(command.data()));                  // which changes none of them
  std::perror(("bootstrap: " + loader + " cannot be run; unpack the whole package").c_str());
  return exit_failed;
}
