#include "crypto/secret_box.h"

#include <gtest/gtest.h>

#include <set>

namespace imece::crypto {
namespace {

BoxKey key_of(std::uint8_t fill) {
    std::array<std::uint8_t, BoxKey::kSize> bytes{};
    bytes.fill(fill);
    return BoxKey(bytes);
}
const ByteView kPlain = view_of("the gateway's token");

TEST(SecretBox, opens_what_it_locked) {
    SeededRandom random(1);
    for (const std::string_view text :
         {std::string_view(), std::string_view("x"), text_of(kPlain)}) {
        const Bytes box = lock_box(key_of(1), "sms", view_of(text), random);
        EXPECT_EQ(box.size(), text.size() + kBoxOverhead);
        const auto opened = open_box(key_of(1), "sms", box);
        ASSERT_TRUE(opened);
        EXPECT_EQ(text_of(*opened), text);
    }
}

TEST(SecretBox, refuses_another_key_another_purpose_and_every_change) {
    SeededRandom random(2);
    const Bytes box = lock_box(key_of(1), "sms", kPlain, random);
    EXPECT_FALSE(open_box(key_of(2), "sms", box));
    EXPECT_FALSE(open_box(key_of(1), "mail", box));
    for (std::size_t i = 0; i < box.size(); ++i) {
        Bytes changed = box;
        changed[i] ^= 1;
        EXPECT_FALSE(open_box(key_of(1), "sms", changed)) << i;
        EXPECT_FALSE(open_box(key_of(1), "sms", ByteView(box).first(i))) << i;
    }
}

TEST(SecretBox, gives_another_box_each_time) {
    SeededRandom random(3);
    std::set<Bytes> different;
    for (int i = 0; i < 100; ++i) different.insert(lock_box(key_of(1), "sms", kPlain, random));
    EXPECT_EQ(different.size(), 100u);
}

TEST(SecretBox, a_passphrase_gives_the_same_key_with_the_same_salt) {
    const BoxSalt salt{1};
    const auto key = box_key_of("kar yagiyor bugun", salt);
    ASSERT_TRUE(key);
    EXPECT_EQ(box_key_of("kar yagiyor bugun", salt)->bytes(), key->bytes());
    EXPECT_NE(box_key_of("kar yagiyor bugun", BoxSalt{2})->bytes(), key->bytes());
    EXPECT_NE(box_key_of("kar yagiyor", salt)->bytes(), key->bytes());
}

}  // namespace
}  // namespace imece::crypto
