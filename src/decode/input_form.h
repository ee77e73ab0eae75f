// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace dynatlas {

// What a user may force the input to be (`--from`). `any` recognises each record by itself.
enum class InputForm : std::uint8_t { any, item, full_export, incremental, kinesis, streams, lambda };

// Their words, as options and dead letters have them.
inline constexpr std::array<std::pair<std::string_view, InputForm>, 7> input_form_words = {{
    {"any", InputForm::any},
    {"item", InputForm::item},
    {"export", InputForm::full_export},
    {"incremental", InputForm::incremental},
    {"kinesis", InputForm::kinesis},
    {"streams", InputForm::streams},
    {"lambda", InputForm::lambda},
}};

inline std::string_view word_of(InputForm form) {
  for (const auto& [word, meant] : input_form_words) {
    if (meant == form) return word;
  }
  return {};
}

inline std::optional<InputForm> input_form_of(std::string_view word) {
  for (const auto& [known, form] : input_form_words) {
    if (known == word) return form;
  }
  return std::nullopt;
}

}  // namespace dynatlas
