// JSON text to Nodes and back. Internal to proto/schema.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/field_path.h"
#include "proto/schema/kind_registry.h"
#include "proto/schema/node.h"
#include "proto/schema/secrets.h"

namespace reeve::schema {

// The document in `text`; what is wrong with it goes to `problems`. At most kRequestBytesMax.
Node ParseJson(std::string_view text, Problems* problems);

// `indent` < 0: one line. Numbers keep their text.
std::string DumpJson(const Node& node, int indent = -1);

// INVALID_ARGUMENT with all of them, one a line; OK when there are none.
absl::Status ProblemsToStatus(const Problems& problems);

// An object in the form of kube_json.h, sensitive fields as in encode.h.
Node ToKubeNode(const google::protobuf::Message& object, Secrets* secrets = nullptr);

// An object in the form of kube_json.h, of `registry`'s Object type. `mentioned` as there.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> DecodeKube(
    Node node, const KindRegistry& registry, std::vector<FieldPath>* mentioned = nullptr);

// Makers, for what builds documents.
Node TextNode(std::string_view text);
Node NumberNode(int64_t number);
Node BoolNode(bool value);
Node MapNode(std::vector<Entry> entries = {});
Node ListNode(std::vector<Node> items = {});

// Adds an entry to a map.
void Put(Node* map, std::string_view key, Node value);
void Put(Node* map, std::string_view key, std::string_view text);

}  // namespace reeve::schema
