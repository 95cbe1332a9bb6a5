#include "base/ids.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace imece {
namespace {

TEST(Ids, uuid_has_version_variant_and_time) {
    SeededRandom random(1);
    const auto id = make_uuid_v7(from_unix_ms(0x0123456789ab), random);
    EXPECT_EQ(to_hex(ByteView(id).first(6)), "0123456789ab");
    EXPECT_EQ(id[6] >> 4, 7);
    EXPECT_EQ(id[8] >> 6, 2);
}

TEST(Ids, uuids_sort_by_time_and_differ_within_it) {
    SeededRandom random(1);
    const auto early = make_uuid_v7(from_unix_ms(1000), random);
    const auto late = make_uuid_v7(from_unix_ms(1001), random);
    EXPECT_LT(early, late);
    std::unordered_set<MessageId> seen;
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(seen.insert(MessageId{make_uuid_v7(from_unix_ms(1000), random)}).second);
}

TEST(Ids, read_what_they_write) {
    const std::string uuid = "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f";
    const auto message = parse_id<MessageId>(uuid);
    ASSERT_TRUE(message);
    EXPECT_EQ(to_text(*message), uuid);
    EXPECT_EQ(*parse_id<MessageId>("0190C8E2-1F3A-7B5C-8D9E-0A1B2C3D4E5F"), *message);
    const auto device = parse_id<DeviceId>("00112233445566778899aabbccddeeff");
    ASSERT_TRUE(device);
    EXPECT_EQ(to_text(*device), "00112233445566778899aabbccddeeff");
    EXPECT_FALSE(device->empty());
    EXPECT_TRUE(DeviceId{}.empty());
}

TEST(Ids, refuse_other_forms) {
    for (const char* text :
         {"", "0190c8e21f3a7b5c8d9e0a1b2c3d4e5f", "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5",
          "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5g", "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f0",
          "0190c8e21-f3a-7b5c-8d9e-0a1b2c3d4e5f", "{190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5}",
          "0190c8e2-1f3a-7b5c-8d9e--a1b2c3d4e5f"}) {
        const auto got = parse_id<MessageId>(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().reason, "ID_MALFORMED") << text;
    }
    for (const char* text :
         {"", "00112233445566778899aabbccddeef", "0011223344556677889",
          "00112233445566778899aabbccddeeff00", "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f"}) {
        const auto got = parse_id<DeviceId>(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().reason, "ID_MALFORMED") << text;
    }
}

}  // namespace
}  // namespace imece
