#include "store/key.h"

#include "base/status.h"

namespace reeve::store {
namespace {

constexpr char kFormat = 1;
constexpr char kSignedFormat = 2;  // Of versions of which it is known when and by whom.
constexpr size_t kRevisionBytes = 8;
constexpr size_t kTimeBytes = 8;
constexpr char kDeleted = 1;
constexpr char kHasPrevious = 2;
constexpr char kEphemeral = 4;
constexpr char kMinor = 8;

void AppendNumber(std::string& out, uint64_t number, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(number >> (8 * i)));
}

void AppendRevision(std::string& out, Revision revision) {
  AppendNumber(out, static_cast<uint64_t>(revision), kRevisionBytes);
}

absl::Status Damaged(std::string_view what) {
  return DataLoss("the store holds {} that cannot be read", what);
}

// Takes fields off the front of some bytes; once one was missing, ok() is false and the rest is
// zero.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  std::string_view Take(size_t size) {
    if (size > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  uint64_t Number(size_t size) {
    uint64_t number = 0;
    for (const char c : Take(size)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
  }
  // A negative one was never written.
  Revision TakeRevision() {
    const auto revision = static_cast<Revision>(Number(kRevisionBytes));
    if (revision < 0) ok_ = false;
    return ok_ ? revision : 0;
  }
  char Byte() { return static_cast<char>(Number(1)); }
  void Expect(char byte) { ok_ = Byte() == byte && ok_; }
  std::string_view Rest() { return Take(rest_.size()); }
  bool ok() const { return ok_; }
  bool done() const { return !ok_ || rest_.empty(); }
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::string SpaceKey(char space, std::string_view rest) {
  std::string out(1, space);
  out += rest;
  return out;
}

// Undoes ESCAPED, up to and with its end.
std::string Unescape(Input& in) {
  std::string key;
  while (in.ok()) {
    const char c = in.Byte();
    if (c != 0) {
      key.push_back(c);
      continue;
    }
    const char next = in.Byte();
    if (next == 1) break;
    if (next != '\xff') in.Take(std::string_view::npos);  // Neither an escape nor an end.
    key.push_back(0);
  }
  return key;
}

}  // namespace

std::string CurrentKey(std::string_view key) { return SpaceKey(kCurrentSpace, key); }

std::string LogKey(Revision revision) {
  std::string out(1, kLogSpace);
  AppendRevision(out, revision);
  return out;
}

std::string VersionsOf(std::string_view key) {
  std::string out(1, kVersionSpace);
  for (const char c : key) {
    out.push_back(c);
    if (c == 0) out.push_back('\xff');
  }
  out.append("\x00\x01", 2);
  return out;
}

std::string VersionKey(std::string_view key, Revision revision) {
  std::string out = VersionsOf(key);
  AppendNumber(out, ~static_cast<uint64_t>(revision), kRevisionBytes);
  return out;
}

std::string MetaKey(std::string_view name) { return SpaceKey(kMetaSpace, name); }

std::string GapKey(Revision from) {
  std::string out = MetaKey("gap");
  AppendRevision(out, from);
  return out;
}

std::string SpaceEnd(char space) { return std::string(1, static_cast<char>(space + 1)); }

absl::StatusOr<std::string> DecodeCurrentKey(std::string_view bytes) {
  Input in(bytes);
  in.Expect(kCurrentSpace);
  std::string key(in.Rest());
  if (!in.complete()) return Damaged("an object's key");
  return key;
}

absl::StatusOr<Revision> DecodeLogKey(std::string_view bytes) {
  Input in(bytes);
  in.Expect(kLogSpace);
  const Revision revision = in.TakeRevision();
  if (!in.complete()) return Damaged("a change log key");
  return revision;
}

absl::StatusOr<Revision> DecodeGapKey(std::string_view bytes) {
  Input in(bytes);
  if (in.Take(4) != MetaKey("gap")) return Damaged("a gap key");
  const Revision revision = in.TakeRevision();
  if (!in.complete()) return Damaged("a gap key");
  return revision;
}

absl::StatusOr<VersionKeyParts> DecodeVersionKey(std::string_view bytes) {
  Input in(bytes);
  in.Expect(kVersionSpace);
  VersionKeyParts parts;
  parts.key = Unescape(in);
  parts.revision = static_cast<Revision>(~in.Number(kRevisionBytes));
  if (!in.complete() || parts.revision < 0) return Damaged("a version key");
  return parts;
}

std::string EncodeCurrent(const Version& version) {
  std::string out(1, kFormat);
  out.reserve(1 + 2 * kRevisionBytes + version.value.size());
  AppendRevision(out, version.created);
  AppendRevision(out, version.modified);
  out += version.value;
  return out;
}

absl::Status DecodeCurrent(std::string_view key, std::string_view bytes, Version* version) {
  Input in(bytes);
  in.Expect(kFormat);
  version->key = key;
  version->created = in.TakeRevision();
  version->modified = in.TakeRevision();
  version->value = in.Rest();
  return in.complete() ? absl::OkStatus() : Damaged("an object");
}

absl::StatusOr<Revision> ModifiedOf(std::string_view bytes) {
  Input in(bytes);
  in.Expect(kFormat);
  in.TakeRevision();
  const Revision modified = in.TakeRevision();
  if (!in.ok()) return Damaged("a present version");
  return modified;
}

std::string EncodeVersion(const StoredVersion& version) {
  const bool dated = version.time != absl::InfinitePast();
  std::string out(1, dated ? kSignedFormat : kFormat);
  out.reserve(3 + 2 * kRevisionBytes + version.author.size() + version.value.size());
  out.push_back(static_cast<char>((version.deleted ? kDeleted : 0) |
                                  (version.ephemeral ? kEphemeral : 0) |
                                  (version.minor ? kMinor : 0)));
  AppendRevision(out, version.created);
  if (dated) {
    AppendNumber(out, static_cast<uint64_t>(absl::ToUnixMicros(version.time)), kTimeBytes);
    const std::string author = version.author.substr(0, kAuthorBytesMax);
    out.push_back(static_cast<char>(author.size()));
    out += author;
  }
  out += version.value;
  return out;
}

absl::StatusOr<StoredVersion> DecodeVersion(std::string_view bytes) {
  Input in(bytes);
  const bool dated = !bytes.empty() && bytes[0] == kSignedFormat;
  in.Expect(dated ? kSignedFormat : kFormat);
  const char flags = in.Byte();
  StoredVersion version;
  version.deleted = (flags & kDeleted) != 0;
  version.ephemeral = (flags & kEphemeral) != 0;
  version.minor = (flags & kMinor) != 0;
  version.created = in.TakeRevision();
  if (dated) {
    version.time = absl::FromUnixMicros(static_cast<int64_t>(in.Number(kTimeBytes)));
    version.author = in.Take(in.Number(1));
  }
  version.value = in.Rest();
  if (!in.complete()) return Damaged("an object's version");
  return version;
}

std::string EncodeLog(const std::vector<LoggedChange>& changes) {
  std::string out(1, kFormat);
  for (const LoggedChange& change : changes) {
    out.push_back(
        static_cast<char>((change.deleted ? kDeleted : 0) | (change.previous ? kHasPrevious : 0)));
    AppendNumber(out, change.key.size(), 4);
    out += change.key;
    AppendRevision(out, change.previous.value_or(0));
  }
  return out;
}

absl::StatusOr<std::vector<LoggedChange>> DecodeLog(std::string_view bytes) {
  Input in(bytes);
  in.Expect(kFormat);
  std::vector<LoggedChange> changes;
  while (!in.done()) {
    const char flags = in.Byte();
    LoggedChange& change = changes.emplace_back();
    change.deleted = (flags & kDeleted) != 0;
    change.key = in.Take(in.Number(4));
    const Revision previous = in.TakeRevision();
    if ((flags & kHasPrevious) != 0) change.previous = previous;
  }
  if (!in.complete()) return Damaged("a change log record");
  return changes;
}

// The mixing is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
uint64_t SumOf(std::string_view key, Revision modified) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash ^= static_cast<uint64_t>(modified) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

Revision StoredSum(uint64_t sum) { return static_cast<Revision>(sum & INT64_MAX); }

std::string EncodeMeta(std::string_view contents) { return SpaceKey(kFormat, contents); }

std::string EncodeMeta(Revision revision) {
  std::string out(1, kFormat);
  AppendRevision(out, revision);
  return out;
}

absl::StatusOr<std::string> DecodeMeta(std::string_view bytes) {
  Input in(bytes);
  in.Expect(kFormat);
  std::string contents(in.Rest());
  if (!in.complete()) return Damaged("meta data");
  return contents;
}

absl::StatusOr<Revision> DecodeMetaRevision(std::string_view bytes) {
  Input in(bytes);
  in.Expect(kFormat);
  const Revision revision = in.TakeRevision();
  if (!in.complete()) return Damaged("a revision");
  return revision;
}

}  // namespace reeve::store
