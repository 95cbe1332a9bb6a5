#include "security/domain/certificate.h"

#include <gtest/gtest.h>

namespace imece::security {
namespace {

crypto::PublicKey key_of(std::uint8_t number) {
    return crypto::SigningKey(crypto::Seed{number}).public_key();
}

Applicant device(std::uint8_t number) {
    return {.device = crypto::device_id_of(key_of(number)), .service = {}, .is_operator = false};
}
const Applicant kOperator{.device = {}, .service = {}, .is_operator = true};
const Applicant kMessaging{.device = {}, .service = "messaging", .is_operator = false};
const Applicant kNobody{};

struct NameCase {
    const char* name;
    Applicant applicant;
    std::optional<crypto::PublicKey> key;
    const char* service;
    std::string expected;  ///< The SPIFFE id, or the reason of the refusal.
};
class Name : public testing::TestWithParam<NameCase> {};
TEST_P(Name, is_given_to_its_holder_only) {
    const NameCase& test = GetParam();
    const auto got = certificate_name(test.applicant, test.key, test.service);
    EXPECT_EQ(got ? spiffe_id("demo", *got) : std::string(got.error().reason), test.expected);
}
INSTANTIATE_TEST_SUITE_P(
    table, Name,
    testing::Values(
        NameCase{"device", device(1), key_of(1), "",
                 "spiffe://demo/device/" + to_text(crypto::device_id_of(key_of(1)))},
        NameCase{"device_with_anothers_key", device(1), key_of(2), "", "CSR_KEY_MISMATCH"},
        NameCase{"device_with_a_p256_key", device(1), {}, "", "CSR_KEY_MISMATCH"},
        NameCase{"device_as_a_service", device(1), key_of(1), "messaging", "CERTIFICATE_REFUSED"},
        NameCase{"service", kMessaging, {}, "messaging", "spiffe://demo/service/messaging"},
        NameCase{"service_as_another", kMessaging, {}, "identity", "CERTIFICATE_REFUSED"},
        NameCase{
            "operator_for_a_service", kOperator, {}, "gateway", "spiffe://demo/service/gateway"},
        NameCase{"operator_for_nobody", kOperator, {}, "", "SERVICE_NAME_INVALID"},
        NameCase{"operator_with_a_slash", kOperator, {}, "a/b", "SERVICE_NAME_INVALID"},
        NameCase{
            "operator_with_another_name_behind", kOperator, {}, "a,DNS:b", "SERVICE_NAME_INVALID"},
        NameCase{"operator_with_capitals", kOperator, {}, "Gateway", "SERVICE_NAME_INVALID"},
        NameCase{"operator_with_33_letters",
                 kOperator,
                 {},
                 "abcdefghijklmnopqrstuvwxyz0123456",
                 "SERVICE_NAME_INVALID"},
        NameCase{"nobody", kNobody, {}, "gateway", "CERTIFICATE_REFUSED"},
        NameCase{"nobody_for_nothing", kNobody, {}, "", "CERTIFICATE_REFUSED"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace imece::security
