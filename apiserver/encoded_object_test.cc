#include "apiserver/encoded_object.h"

#include <gtest/gtest.h>

#include "apiserver/keys.h"
#include "apiserver/object_io.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {
namespace {

store::Version Stored(const v1::Object& object, Revision modified) {
  const ObjectKey key = schema::KeyOf(object);
  return {ObjectStoreKey(*schema::KindOf(object), key.ns, key.name), EncodeForStore(object), 1,
          modified};
}

v1::Object Sample(size_t filler) {
  v1::Site site;
  site.mutable_metadata()->set_name("shop");
  site.mutable_metadata()->set_namespace_("default");
  (*site.mutable_metadata()->mutable_annotations())["filler"] = std::string(filler, 'x');
  site.mutable_spec()->set_replicas(3);
  site.mutable_status()->set_observed_generation(2);
  return schema::Wrap(site);
}

std::string Decoded(const store::Version& version) {
  return schema::Encode(**DecodeFromStore(schema::KindRegistry::Get(), version));
}

// Around the sizes at which a length takes another byte.
TEST(EncodedObject, IsWhatDecodingAndEncodingWouldGive) {
  for (const size_t filler : {0u, 10u, 100u, 127u, 16000u, 16300u, 70000u}) {
    for (const Revision revision : {Revision{1}, Revision{999'999'999'999}}) {
      const store::Version version = Stored(Sample(filler), revision);
      const auto encoded = EncodedObject::Of(version);
      ASSERT_TRUE(encoded.has_value());
      std::string bytes;
      encoded->AppendTo(&bytes);
      EXPECT_EQ(bytes.size(), encoded->size());
      v1::Object object;
      ASSERT_TRUE(object.ParseFromString(bytes));
      EXPECT_EQ(object.site().metadata().resource_version(), std::to_string(revision));
      EXPECT_EQ(schema::Encode(object), Decoded(version)) << filler;
    }
  }
}

TEST(EncodedObject, IsAFieldOfAnotherMessage) {
  v1::ListChunk chunk;
  std::string bytes;
  v1::Host host;
  host.mutable_metadata()->set_name("h1");
  for (const v1::Object& object : {Sample(5), schema::Wrap(host)}) {
    EncodedObject::Of(Stored(object, 7))->AppendAsField(v1::ListChunk::kItemsFieldNumber, &bytes);
  }
  ASSERT_TRUE(chunk.ParseFromString(bytes));
  ASSERT_EQ(chunk.items_size(), 2);
  EXPECT_EQ(chunk.items(0).site().metadata().name(), "shop");
  EXPECT_EQ(chunk.items(0).site().spec().replicas(), 3);
  EXPECT_EQ(chunk.items(1).host().metadata().resource_version(), "7");
}

TEST(EncodedObject, OtherLayoutsAreLeftToTheDecoder) {
  store::Version version = Stored(Sample(5), 7);
  const std::string whole = version.value;
  for (const std::string& value :
       {std::string(), std::string("x"), whole + "x", whole.substr(0, whole.size() - 1)}) {
    version.value = value;
    EXPECT_FALSE(EncodedObject::Of(version).has_value()) << value.size();
  }
  v1::Site bare;
  bare.mutable_spec();
  version.value = schema::Encode(schema::Wrap(bare));
  EXPECT_FALSE(EncodedObject::Of(version).has_value());
  version.value = whole;
  version.key = ObjectStoreKey(*schema::KindRegistry::Get().FindByName("Host"), "", "shop");
  EXPECT_FALSE(EncodedObject::Of(version).has_value());
}

}  // namespace
}  // namespace reeve::apiserver
