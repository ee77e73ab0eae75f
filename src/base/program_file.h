// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/auxv.h>

namespace dynatlas {

// The file of this program, by the name that the kernel was given (getauxval(3)): maybe a relative one, or a link.
// /proc need not be mounted.
inline const char* program_file() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval() has no other way to say it
  return reinterpret_cast<const char*>(getauxval(AT_EXECFN));
}

}  // namespace dynatlas
