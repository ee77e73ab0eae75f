# SPDX-License-Identifier: Apache-2.0
# Tests write into it, too.
include_guard(GLOBAL)

add_executable(dynatlas_null_mongod ${PROJECT_SOURCE_DIR}/bench/null_mongod.cc)
target_link_libraries(dynatlas_null_mongod PRIVATE dynatlas_core Threads::Threads)
set_target_properties(dynatlas_null_mongod PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
