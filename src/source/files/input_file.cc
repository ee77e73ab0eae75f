// SPDX-License-Identifier: Apache-2.0
#include "source/files/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace dynatlas {

namespace {

constexpr std::size_t compressed_chunk = 256 * 1024;

std::string reason(int error) { return std::generic_category().message(error); }

struct ZstdFree {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

struct InflateEnd {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};

}  // namespace

struct InputFile::State {
  enum class Compression : std::uint8_t { unknown, none, gzip, zstd };

  std::string name;
  int descriptor = -1;
  bool owned = false;
  std::optional<std::uint64_t> total;
  std::uint64_t taken = 0;
  Compression compression = Compression::unknown;
  std::vector<char> chunk;  // bytes as they lie on the disk
  std::size_t begin = 0;
  std::size_t end = 0;
  bool at_end = false;
  bool inside_member = false;
  std::unique_ptr<z_stream, InflateEnd> inflater;
  std::unique_ptr<ZSTD_DStream, ZstdFree> zstd;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (owned) ::close(descriptor);
  }

  Result<std::size_t> read_raw(char* out, std::size_t room) {
    const ssize_t got = ::read(descriptor, out, room);
    if (got < 0 && errno == EINTR)
      return Error{ErrorKind::retry, fmt::format("{}: a signal interrupted reading", name)};
    if (got < 0) return fatal(fmt::format("{}: cannot be read: {}", name, reason(errno)));
    taken += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

  // Keeps what is left and reads on behind it.
  Result<void> fill() {
    if (chunk.empty()) chunk.resize(compressed_chunk);
    std::memmove(chunk.data(), chunk.data() + begin, end - begin);
    end -= begin;
    begin = 0;
    ASSIGN_OR_RETURN(const std::size_t got, read_raw(chunk.data() + end, chunk.size() - end));
    end += got;
    at_end = got == 0;
    return {};
  }

  Result<void> detect() {
    while (end - begin < 4 && !at_end) RETURN_IF_ERROR(fill());
    const std::string_view head(chunk.data() + begin, end - begin);
    using namespace std::string_view_literals;
    if (head.substr(0, 2) == "\x1f\x8b"sv) {
      compression = Compression::gzip;
      inflater.reset(new z_stream{});
      if (inflateInit2(inflater.get(), 15 + 16) != Z_OK) return fatal("zlib cannot be initialised");
    } else if (head.substr(0, 4) == "\x28\xb5\x2f\xfd"sv) {
      compression = Compression::zstd;
      zstd.reset(ZSTD_createDStream());
      if (zstd == nullptr) return fatal("zstd cannot be initialised");
    } else {
      compression = Compression::none;
    }
    return {};
  }

  Error damaged(const char* how) const {
    return fatal(
        fmt::format("{}: the compressed data are {}; of what came before some was used, and may be damaged, too: with "
                    "a good file, start anew",
                    name, how));
  }

  Result<std::size_t> read_plain(char* out, std::size_t room) {
    if (begin == end) return read_raw(out, room);
    const std::size_t size = std::min(room, end - begin);
    std::memcpy(out, chunk.data() + begin, size);
    begin += size;
    return size;
  }

  Result<std::size_t> read_gzip(char* out, std::size_t room) {
    z_stream& stream = *inflater;
    stream.next_out = reinterpret_cast<Bytef*>(out);
    stream.avail_out = static_cast<uInt>(room);
    while (stream.avail_out == room) {
      if (begin == end && !at_end) RETURN_IF_ERROR(fill());
      if (begin == end) {
        if (inside_member) return damaged("cut off");
        return std::size_t{0};
      }
      inside_member = true;
      stream.next_in = reinterpret_cast<Bytef*>(chunk.data() + begin);
      stream.avail_in = static_cast<uInt>(end - begin);
      const int status = inflate(&stream, Z_NO_FLUSH);
      begin = end - stream.avail_in;
      if (status == Z_STREAM_END) {
        inside_member = false;
        inflateReset(&stream);
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return damaged("no valid gzip");
      }
    }
    return room - stream.avail_out;
  }

  // NOLINTNEXTLINE(readability-non-const-parameter): zstd writes there
  Result<std::size_t> read_zstd(char* out, std::size_t room) {
    ZSTD_outBuffer output{out, room, 0};
    while (output.pos == 0) {
      if (begin == end && !at_end) RETURN_IF_ERROR(fill());
      if (begin == end) {
        if (inside_member) return damaged("cut off");
        return std::size_t{0};
      }
      ZSTD_inBuffer input{chunk.data() + begin, end - begin, 0};
      const std::size_t left = ZSTD_decompressStream(zstd.get(), &output, &input);
      begin += input.pos;
      if (ZSTD_isError(left) != 0) return damaged("no valid zstd");
      inside_member = left != 0;
    }
    return output.pos;
  }
};

InputFile::InputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

Result<void> InputFile::check(const std::string& path) {
  if (path == "-") return {};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || ::access(path.c_str(), R_OK) != 0)
    return usage(fmt::format("{}: cannot be opened: {}", path, reason(errno)));
  if (S_ISDIR(status.st_mode)) return usage(fmt::format("{}: is a folder; give the files in it", path));
  return {};
}

Result<InputFile> InputFile::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->name = path == "-" ? "standard input" : path;
  state->descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  state->owned = path != "-";
  if (state->descriptor < 0) {
    state->owned = false;
    return usage(fmt::format("{}: cannot be opened: {}", path, reason(errno)));
  }
  struct stat status {};
  if (::fstat(state->descriptor, &status) == 0) {
    if (S_ISREG(status.st_mode)) state->total = static_cast<std::uint64_t>(status.st_size);
  }
  return InputFile(std::move(state));
}

Result<std::size_t> InputFile::read(char* out, std::size_t room) {
  if (state_->compression == State::Compression::unknown) RETURN_IF_ERROR(state_->detect());
  switch (state_->compression) {
    case State::Compression::gzip:
      return state_->read_gzip(out, room);
    case State::Compression::zstd:
      return state_->read_zstd(out, room);
    default:
      return state_->read_plain(out, room);
  }
}

const std::string& InputFile::name() const { return state_->name; }
std::uint64_t InputFile::bytes_read() const { return state_->taken; }
std::optional<std::uint64_t> InputFile::bytes_total() const { return state_->total; }

}  // namespace dynatlas
