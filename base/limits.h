// Every bound on sizes, queues and retries, in one place. A bound that people meet is also in
// docs/limits.md.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

namespace reeve {

// Manifests.
inline constexpr size_t kManifestFileBytesMax = 1 << 20;
inline constexpr size_t kManifestDocumentBytesMax = 64 << 10;
inline constexpr int kManifestDocumentsMax = 256;
inline constexpr int kManifestDepthMax = 32;
inline constexpr int kListItemsMax = 1000;
inline constexpr size_t kStringBytesMax = 64 << 10;

// Objects and requests.
inline constexpr size_t kFieldManagerBytesMax = 128;  // As in Kubernetes.
// What an apply says that it mentions: fields of each object, and steps to one of them.
inline constexpr int kMentionedPathsMax = 20'000;
inline constexpr int kMentionedStepsMax = 2 * kManifestDepthMax;
inline constexpr size_t kObjectBytesMax = 256 << 10;
inline constexpr size_t kRequestBytesMax = 4 << 20;
inline constexpr int kApplyObjectsMax = 256;
// Patches. Operations and copies as in Kubernetes.
inline constexpr size_t kPatchBytesMax = 256 << 10;
inline constexpr int kJsonPatchOperationsMax = 10'000;
inline constexpr size_t kJsonPatchCopyBytesMax = 3 << 20;
inline constexpr size_t kListChunkBytes = 1 << 20;
// Objects of one kind and namespace that a person may delete within a minute.
inline constexpr size_t kDeletionsPerMinuteMax = 100;
inline constexpr size_t kHostSideNameMax = 63;
// Requests that wait for the disk: those being worked on, and those in line.
inline constexpr int kRequestThreads = 64;
inline constexpr size_t kRequestsWaitingMax = 4096;
// A write that lost a race is tried again on a fresh view this often. Of those at one object, or at
// the record of a namespace's quota, one wins each time: it may be the turn of all others first.
inline constexpr int kCommitAttemptsMax = 4 * kRequestThreads;
// From an object to its root owner.
inline constexpr int kOwnerDepthMax = 8;
static_assert(kManifestDocumentBytesMax <= kObjectBytesMax);
static_assert(kObjectBytesMax < kRequestBytesMax);

// Watches. A watcher that has more than this waiting is closed and resumes from its revision.
inline constexpr size_t kWatcherQueueEventsMax = 1000;
inline constexpr size_t kWatcherQueueBytesMax = 4 << 20;
inline constexpr absl::Duration kBookmarkPeriod = absl::Seconds(30);

// HTTP, for each client: sizes beside kRequestBytesMax, and how long a step may take.
inline constexpr int kHttpConnectionsMax = 2000;
// Of one certificate, and of one address (of IPv6, one /64), with or without one: some are left.
inline constexpr int kHttpClientConnectionsMax = kHttpConnectionsMax / 2;
inline constexpr int kHttpAddressConnectionsMax = kHttpConnectionsMax * 3 / 4;
static_assert(kHttpClientConnectionsMax < kHttpAddressConnectionsMax);
static_assert(kHttpAddressConnectionsMax < kHttpConnectionsMax);
inline constexpr size_t kHttpHeaderBytesMax = 32 << 10;
inline constexpr absl::Duration kHttpHeaderTimeout = absl::Seconds(10);
inline constexpr absl::Duration kHttpBodyTimeout = absl::Seconds(30);
inline constexpr absl::Duration kHttpWriteTimeout = absl::Seconds(30);
inline constexpr absl::Duration kHttpIdleTimeout = absl::Seconds(90);
// A watch that names no end gets one, as in Kubernetes: clients resume.
inline constexpr absl::Duration kHttpWatchMax = absl::Minutes(60);
// A list that is sent piece by piece holds its revision, for so long at most.
inline constexpr absl::Duration kHttpListMax = absl::Minutes(10);
// How many further objects are counted for a page's remainingItemCount.
inline constexpr int64_t kRemainingItemsMax = 10'000;

// History.
inline constexpr int64_t kWatchLogCommitsMax = 100'000;

// Leases: heartbeat every 10 s, unknown after 40 s; after a restart nobody is called dead before
// the grace is over.
inline constexpr int kHeartbeatSeconds = 10;
inline constexpr int kLeaseTtlSeconds = 40;
static_assert(kLeaseTtlSeconds >= 3 * kHeartbeatSeconds);
inline constexpr absl::Duration kHeartbeatPeriod = absl::Seconds(kHeartbeatSeconds);
inline constexpr absl::Duration kLeaseTtl = absl::Seconds(kLeaseTtlSeconds);
inline constexpr absl::Duration kRestartGrace = absl::Seconds(120);

// Blobs (an unpacked site).
inline constexpr uint64_t kBlobBytesMax = 1ull << 30;
inline constexpr uint64_t kBlobFilesMax = 50'000;
inline constexpr size_t kBlobChunkBytes = 256 << 10;
static_assert(kBlobChunkBytes < kRequestBytesMax);
// Bytes that no Blob names are kept so long.
inline constexpr absl::Duration kBlobOrphanAge = absl::Minutes(10);

// Joining. A token is good for one host, once, for a while, and for a few guesses.
inline constexpr absl::Duration kJoinTokenTtl = absl::Minutes(30);
inline constexpr absl::Duration kJoinTokenTtlMax = absl::Hours(24);
inline constexpr int kJoinTokenFailuresMax = 5;

// Controllers.
inline constexpr size_t kWorkqueueKeysMax = 1'000'000;
inline constexpr absl::Duration kBackoffMin = absl::Milliseconds(500);
inline constexpr absl::Duration kBackoffMax = absl::Minutes(1);
// Where no server answers: the channel paces the connecting, and asking it costs nothing, so that
// everybody is back about a second after the server is.
inline constexpr absl::Duration kReconnectPauseMax = absl::Seconds(1);
static_assert(kReconnectPauseMax >= kBackoffMin);
// A key that keeps writing: so many at once, then so many a second.
inline constexpr double kStormBurst = 200;
inline constexpr double kStormPerSecond = 2;
// A repeated Event is written at most this often, and deleted so long after it was last seen.
inline constexpr absl::Duration kEventFlushPeriod = absl::Seconds(10);
inline constexpr absl::Duration kEventAgeMax = absl::Hours(1);
inline constexpr size_t kEventsWaitingMax = 10'000;

}  // namespace reeve
