#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/files/private_file.h"
#include "runtime/join/certificate_request.h"
#include "runtime/join/join_secret.h"
#include "runtime/rpc/peers.h"
#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(JoinSecret, is_each_services_own_and_the_same_each_time) {
    const testkit::TempDir directory;
    SystemRandom random;
    const auto master = JoinSecret::open_master(directory.path(), random);
    ASSERT_TRUE(master);
    const JoinSecret messaging = master->of("messaging");
    EXPECT_NE(messaging.text(), master->of("ledger").text());
    EXPECT_NE(messaging.text(), master->text());
    EXPECT_EQ(JoinSecret::open_master(directory.path(), random)->of("messaging").text(),
              messaging.text());

    const auto file = directory.path() / "messaging.join";
    ASSERT_TRUE(write_private_file(file, messaging.text() + "\n"));
    EXPECT_EQ(JoinSecret::read(file)->text(), messaging.text());
}

TEST(JoinSecret, tells_what_is_wrong_with_its_file) {
    const testkit::TempDir directory;
    const auto file = directory.path() / "a.join";
    const auto why = [&file] { return JoinSecret::read(file).error().message; };
    EXPECT_THAT(why(), HasSubstr("cannot be read"));
    ASSERT_TRUE(write_private_file(file, "secret"));
    EXPECT_THAT(why(), HasSubstr("join-secret"));
    ASSERT_TRUE(write_private_file(file, std::string(64, 'a')));
    std::filesystem::permissions(file, std::filesystem::perms(0640));
    EXPECT_THAT(why(), HasSubstr("chmod 600"));

    SystemRandom random;
    ASSERT_TRUE(write_private_file(directory.path() / "join.key", "damaged"));
    EXPECT_EQ(JoinSecret::open_master(directory.path(), random).error().reason, "DATA_MALFORMED");
}

TEST(JoinSecret, seals_each_part_of_what_is_asked_and_answered) {
    const testkit::TempDir directory;
    SystemRandom random;
    const JoinSecret secret = JoinSecret::open_master(directory.path(), random)->of("config");
    EXPECT_EQ(secret.mac_of_request("a", "bc"), secret.mac_of_request("a", "bc"));
    EXPECT_NE(secret.mac_of_request("a", "bc"), secret.mac_of_request("ab", "c"));
    EXPECT_NE(secret.mac_of_answer("a", "b", "c"), secret.mac_of_answer("a", "bc", ""));
    EXPECT_NE(secret.mac_of_answer("a", "b", "c"), secret.mac_of_answer("x", "b", "c"));
}

TEST(CertificateRequest, is_for_the_key_that_signs_it) {
    const std::string key = make_private_key();
    EXPECT_NE(key, make_private_key());
    const auto request = certificate_request(key);
    ASSERT_TRUE(request);
    EXPECT_THAT(*request, HasSubstr("BEGIN CERTIFICATE REQUEST"));
    EXPECT_EQ(certificate_request("no key").error().reason, "DATA_MALFORMED");
    EXPECT_FALSE(is_for_key("no certificate", key));
}

TEST(Peers, are_read_as_they_are_written) {
    const auto peers = parse_peers(" identity=10.0.0.1:7311, messaging + ledger = [::1]:7312 ");
    ASSERT_TRUE(peers);
    ASSERT_EQ(peers->size(), 2u);
    EXPECT_THAT(peers->at(0).services, ElementsAre("identity"));
    EXPECT_EQ(peers->at(0).address, "10.0.0.1:7311");
    EXPECT_THAT(peers->at(1).services, ElementsAre("messaging", "ledger"));
    EXPECT_EQ(peers->at(1).address, "[::1]:7312");
    EXPECT_TRUE(parse_peers("")->empty());
    for (const char* wrong :
         {"identity", "identity=", "=a:1", "a=b", "a=h:1,,b=h:2", "a+=h:1", "a=h:1,b+a=h:2", ","})
        EXPECT_EQ(parse_peers(wrong) ? "" : parse_peers(wrong).error().reason, "CONFIG_INVALID")
            << wrong;
}

TEST(Peers, are_known_by_their_spiffe_ids) {
    EXPECT_EQ(service_in("spiffe://hatay/service/messaging", "hatay"), "messaging");
    for (const char* other :
         {"spiffe://hatay/device/messaging", "spiffe://adana/service/messaging",
          "spiffe://hatay2/service/messaging", "https://hatay/service/messaging", ""})
        EXPECT_EQ(service_in(other, "hatay"), "") << other;
}

}  // namespace
}  // namespace imece::runtime
