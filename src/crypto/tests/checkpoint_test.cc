#include "crypto/checkpoint.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace imece::crypto {
namespace {

// The example of signed notes in the documentation of golang.org/x/mod/sumdb/note.
constexpr std::string_view kGoKey =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kGoText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr std::string_view kGoSignature =
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

std::string bytes_of(std::string_view base64) {
    std::string bytes;
    EXPECT_TRUE(parse_base64(base64, bytes));
    return bytes;
}

TEST(Note, keys_are_written_as_go_writes_them) {
    const std::string bytes = bytes_of(kGoKey.substr(kGoKey.rfind('+') + 1));
    EXPECT_EQ(note_verifier_key("PeterNeumann", *public_key_from(view_of(bytes).subspan(1))),
              kGoKey);
}

TEST(Note, signatures_are_those_of_go) {
    const std::string key = bytes_of(kGoKey.substr(kGoKey.rfind('+') + 1));
    const std::string signature = bytes_of(kGoSignature);
    EXPECT_EQ(to_hex(view_of(signature).first(4)), "c74f20a3");
    EXPECT_TRUE(verify_bare(*public_key_from(view_of(key).subspan(1)), view_of(kGoText),
                            view_of(signature).subspan(4)));
    // It is a note of this key, and no checkpoint.
    const std::string note =
        std::string(kGoText) + "\n\xe2\x80\x94 PeterNeumann " + std::string(kGoSignature) + "\n";
    EXPECT_EQ(open_checkpoint(note, kGoKey).error().message, "the checkpoint is of another log");
}

class Checkpoints : public testing::Test {
protected:
    const SigningKey key_{Seed{7}};
    const Checkpoint checkpoint_{"imece/demo/audit", 25, sha256(view_of("root"))};
    const std::string verifier_key_ = note_verifier_key(checkpoint_.origin, key_.public_key());
    std::string note_ = sign_checkpoint(checkpoint_, key_);

    std::string reason() const {
        const auto opened = open_checkpoint(note_, verifier_key_);
        return opened ? "" : std::string(opened.error().reason);
    }
    void replace(std::string_view what, std::string_view with) {
        const auto at = note_.find(what);
        ASSERT_NE(at, std::string::npos);
        note_.replace(at, what.size(), with);
    }
};

TEST_F(Checkpoints, come_back_as_they_were_signed) {
    EXPECT_TRUE(note_.starts_with("imece/demo/audit\n25\n")) << note_;
    EXPECT_EQ(open_checkpoint(note_, verifier_key_), checkpoint_);
}

TEST_F(Checkpoints, another_size_another_root_or_another_origin_is_not_signed) {
    for (const auto& [what, with] : {std::pair{"\n25\n", "\n24\n"}, {"imece/demo", "imece/dem0"}}) {
        const std::string good = note_;
        replace(what, with);
        EXPECT_EQ(reason(), "CHECKPOINT_INVALID");
        note_ = good;
    }
    for (std::size_t i = 0; i < note_.size(); ++i) {
        note_[i] ^= 1;
        EXPECT_EQ(reason(), "CHECKPOINT_INVALID") << "byte " << i;
        note_[i] ^= 1;
    }
}

TEST_F(Checkpoints, of_another_key_are_refused) {
    const SigningKey other(Seed{8});
    EXPECT_FALSE(open_checkpoint(note_, note_verifier_key(checkpoint_.origin, other.public_key())));
    EXPECT_FALSE(open_checkpoint(sign_checkpoint(checkpoint_, other), verifier_key_));
}

TEST_F(Checkpoints, other_signatures_beside_ours_are_let_through) {
    const SigningKey witness(Seed{9});
    Checkpoint same = checkpoint_;
    const std::string signature = sign_checkpoint(same, witness);
    note_ += signature.substr(signature.find("\n\n") + 2);
    EXPECT_EQ(open_checkpoint(note_, verifier_key_), checkpoint_);
}

TEST_F(Checkpoints, what_is_no_note_or_no_key_is_refused) {
    for (const std::string_view text :
         {"", "\n", "\n\n", "imece/demo/audit\n25\n", "\xe2\x80\x94 "})
        EXPECT_EQ(open_checkpoint(text, verifier_key_).error().reason, "CHECKPOINT_INVALID");
    for (const std::string_view key : {"", "a", "a+b", "a+b+c", "+c74f20a3+", "a+00000000+AQ=="})
        EXPECT_EQ(open_checkpoint(note_, key).error().reason, "CHECKPOINT_INVALID");
    EXPECT_FALSE(open_checkpoint(std::string(5000, '\n'), verifier_key_));
}

}  // namespace
}  // namespace imece::crypto
