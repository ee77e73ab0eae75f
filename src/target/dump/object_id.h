// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dynatlas {

// The 12 bytes of a new ObjectId: seconds, a random number of this process, a counter. Source:
// specifications/source/objectid.md.
std::string make_object_id();

// The 16 bytes of a random UUID (version 4), as mongodump names collections by.
std::string random_uuid();

}  // namespace dynatlas
