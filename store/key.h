// The store's layout on disk, format 2. docs/formats/store.md says the same for people; both change
// together.
//
// The first byte of an engine key is its space. Numbers are big endian, 8 bytes unless said
// otherwise. Every value starts with a format byte, 0x01 unless said otherwise; another one is
// refused as DATA_LOSS.
//
//   c KEY                       the present version of KEY
//       01 created modified VALUE
//   l revision                  the change log: which keys one commit changed, in key order
//       01 then for each: flags(1) key-length(4) KEY previous
//         flags: 1 deleted, 2 had a previous version; `previous` is its modified revision, else 0
//   v ESCAPED(KEY) ~revision    one version of KEY; newest first, because the revision is
//   complemented
//       01 flags(1) created VALUE
//       02 flags(1) created micros author-length(1) AUTHOR VALUE
//         flags: 1 deleted (VALUE empty), 4 not durable: kept only while the watch log needs it, 8
//         minor; micros: since 1970, when, by the clock of AUTHOR's server
//   m name                      one of: format, epoch, last (revision), floor, gap + revision, sum
//       01 contents             gap: revisions after the one in the key and before the contents
//                               were never committed, or were lost in a crash (mark.h)
//                               sum: of SumOf every present key, so that a hole is noticed
//
// ESCAPED keeps the order of keys and makes none a prefix of another: 00 becomes 00 FF, and 00 01
// ends it. Example: version 258 of "a" is at 76 61 00 01 FF FF FF FF FF FF FE FD.
//
// A log record has no values: they are in the versions of its keys, and Compact keeps every version
// that a record above the floor, or the change after it, refers to.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "store/store.h"

namespace reeve::store {

inline constexpr char kCurrentSpace = 'c';
inline constexpr char kLogSpace = 'l';
inline constexpr char kVersionSpace = 'v';
inline constexpr char kMetaSpace = 'm';

// Keys.
std::string CurrentKey(std::string_view key);
std::string LogKey(Revision revision);
std::string VersionKey(std::string_view key, Revision revision);
std::string MetaKey(std::string_view name);
std::string GapKey(Revision from);
// The first engine key after every key of `space`.
std::string SpaceEnd(char space);
// The engine key where versions of `key` start, and where those of keys from `key` on start.
std::string VersionsOf(std::string_view key);

absl::StatusOr<std::string> DecodeCurrentKey(std::string_view bytes);
absl::StatusOr<Revision> DecodeLogKey(std::string_view bytes);
absl::StatusOr<Revision> DecodeGapKey(std::string_view bytes);
struct VersionKeyParts {
  std::string key;
  Revision revision = 0;
};
absl::StatusOr<VersionKeyParts> DecodeVersionKey(std::string_view bytes);

// Values.
std::string EncodeCurrent(const Version& version);
// Into `version`, whatever it held; after an error it holds nothing of use.
absl::Status DecodeCurrent(std::string_view key, std::string_view bytes, Version* version);
// Of the version in `bytes`, without the rest of it.
absl::StatusOr<Revision> ModifiedOf(std::string_view bytes);

struct StoredVersion {
  bool deleted = false;
  bool ephemeral = false;
  Revision created = 0;
  std::string value;
  bool minor = false;
  absl::Time time = absl::InfinitePast();  // Not known.
  std::string author;
};
std::string EncodeVersion(const StoredVersion& version);
absl::StatusOr<StoredVersion> DecodeVersion(std::string_view bytes);

struct LoggedChange {
  std::string key;
  bool deleted = false;
  std::optional<Revision> previous;
};
std::string EncodeLog(const std::vector<LoggedChange>& changes);
absl::StatusOr<std::vector<LoggedChange>> DecodeLog(std::string_view bytes);

// What a present key adds to the sum, modulo 2^64: FNV-1a of KEY and its revision, mixed.
uint64_t SumOf(std::string_view key, Revision modified);
// The sum as it is kept: without its highest bit.
Revision StoredSum(uint64_t sum);

std::string EncodeMeta(std::string_view contents);
std::string EncodeMeta(Revision revision);
absl::StatusOr<std::string> DecodeMeta(std::string_view bytes);
absl::StatusOr<Revision> DecodeMetaRevision(std::string_view bytes);

}  // namespace reeve::store
