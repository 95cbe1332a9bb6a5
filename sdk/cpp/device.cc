#include "sdk/cpp/device.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "base/read_id.h"
#include "base/result.h"
#include "sdk/cpp/proto_time.h"

namespace imece::sdk {
namespace {

namespace json = boost::json;
namespace type = imece::type::v1;

constexpr std::size_t kDeviceFileMax = 64 * 1024;
// What no honest clock says: beyond these, adding a lifetime could overflow.
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::int64_t kSecondsMin = 0;

std::string bytes_of(ByteView bytes) {
    return std::string(text_of(bytes));
}

bool well_formed(const type::Destination& destination) {
    switch (destination.to_case()) {
        case type::Destination::kDeviceId: return destination.device_id().size() == 16;
        case type::Destination::kUserId: return destination.user_id().size() == 16;
        case type::Destination::kGroupId: return destination.group_id().size() == 16;
        case type::Destination::kArea: return !destination.area().empty();
        case type::Destination::TO_NOT_SET: return false;
    }
    return false;
}

Status admit(const Draft& draft, bool has_credential) {
    const auto refused = [](std::string_view reason, const char* message) -> Status {
        return fail(ErrorCode::kInvalidArgument, reason, message);
    };
    if (!well_formed(draft.destination))
        return refused("DESTINATION_INVALID", "name one device, user or group by its 16 bytes");
    if (draft.body.empty()) return refused("BODY_EMPTY", "a message has a body");
    if (draft.body.size() > kPlainBodyMax)
        return refused("BODY_TOO_LARGE", "a body has at most 16336 bytes before it is sealed");
    if (draft.ttl && (*draft.ttl < std::chrono::seconds(1) || *draft.ttl > kTtlMax))
        return refused("TTL_OUT_OF_RANGE", "a message lives 1 s to 72 h");
    if (draft.attach_credential && !has_credential)
        return fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID",
                    "the device has no credential yet: enrol it or sign it in");
    return {};
}

std::unexpected<Error> cannot_write(const std::filesystem::path& file) {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN", "cannot write " + file.string());
}

std::unexpected<Error> malformed_file(const std::filesystem::path& file) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", file.string() + " is no device file");
}

/// Writes all of `text` and makes it durable; false when any of that fails.
bool write_whole(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        text.remove_prefix(std::size_t(wrote));
    }
    return fsync(fd) == 0;
}

Result<Bytes> member(const json::object& object, std::string_view key) {
    const json::value* const value = object.if_contains(key);
    const json::string* const text = value ? value->if_string() : nullptr;
    if (text == nullptr) return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "");
    return parse_base64url(*text);
}

/// The key that `message` brings or `with` names, checked to be the sender's.
Result<std::optional<crypto::PublicKey>> key_of_sender(const type::SignedEnvelope& message,
                                                       const DeviceId& sender,
                                                       const OpenWith& with) {
    if (message.has_credential()) {
        type::Credential credential;
        if (!credential.ParseFromString(message.credential().credential()))
            return fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID", "not a credential");
        const auto key = crypto::public_key_from(view_of(credential.public_key()));
        if (!key || crypto::device_id_of(*key) != sender)
            return fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID",
                        "the credential is another device's");
        return *key;
    }
    if (with.sender_key == nullptr) return std::nullopt;
    if (crypto::device_id_of(*with.sender_key) != sender)
        return fail(ErrorCode::kPermissionDenied, "SIGNATURE_INVALID",
                    "the key at hand is not the sender's");
    return *with.sender_key;
}

}  // namespace

std::chrono::seconds default_ttl(type::Priority priority) {
    using std::chrono::hours;
    switch (priority) {
        case type::LIFE_CRITICAL: return hours(72);
        case type::SAFETY_CRITICAL: return hours(24);
        case type::OPERATIONAL:
        case type::COMMUNICATION: return hours(12);
        default: return hours(6);
    }
}

type::Destination to(const DeviceId& device) {
    type::Destination destination;
    destination.set_device_id(bytes_of(device.view()));
    return destination;
}
type::Destination to(const UserId& user) {
    type::Destination destination;
    destination.set_user_id(bytes_of(user.view()));
    return destination;
}
type::Destination to(const GroupId& desk) {
    type::Destination destination;
    destination.set_group_id(bytes_of(desk.view()));
    return destination;
}

Device Device::create(Random& random) {
    crypto::Seed seed{};
    random.fill(seed);
    return Device(seed);
}

Device::Device(const crypto::Seed& seed)
    : key_(seed), id_(crypto::device_id_of(key_.public_key())) {}

Result<Device> Device::load(const std::filesystem::path& file) {
    struct stat info{};
    if (stat(file.c_str(), &info) != 0)
        return fail(ErrorCode::kNotFound, "DEVICE_FILE_MISSING",
                    "there is no device file " + file.string());
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(ErrorCode::kFailedPrecondition, "DEVICE_FILE_EXPOSED",
                    "others may read " + file.string() + ": its mode is to be 0600");
    if (std::size_t(info.st_size) > kDeviceFileMax) return malformed_file(file);

    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    json::error_code bad;
    const json::value value = json::parse(text, bad);
    const json::object* const object = value.if_object();
    if (bad || object == nullptr) return malformed_file(file);

    const auto seed_bytes = member(*object, "seed");
    crypto::Seed seed{};
    if (!seed_bytes || seed_bytes->size() != seed.size()) return malformed_file(file);
    std::ranges::copy(*seed_bytes, seed.begin());
    Device device(seed);
    if (!object->contains("credential")) return device;

    const auto credential = member(*object, "credential");
    type::SignedCredential held;
    if (!credential || !held.ParseFromArray(credential->data(), int(credential->size())) ||
        !device.set_credential(std::move(held)))
        return malformed_file(file);
    return device;
}

Status Device::save(const std::filesystem::path& file) const {
    json::object object;
    object["seed"] = to_base64url(key_.seed());
    if (credential_) object["credential"] = to_base64url(view_of(credential_->SerializeAsString()));
    const std::string text = json::serialize(object) + "\n";

    // A new file takes the place of the old one, so that a crash leaves one of the two.
    std::filesystem::path fresh = file;
    fresh += ".new";
    unlink(fresh.c_str());
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return cannot_write(file);
    const bool wrote = write_whole(fd, text);
    close(fd);
    if (!wrote || rename(fresh.c_str(), file.c_str()) != 0) {
        unlink(fresh.c_str());
        return cannot_write(file);
    }
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool durable = folder_fd >= 0 && fsync(folder_fd) == 0;
    if (folder_fd >= 0) close(folder_fd);
    if (!durable) return cannot_write(file);
    return {};
}

Status Device::set_credential(type::SignedCredential credential) {
    type::Credential says;
    if (!says.ParseFromString(credential.credential()) || says.device_id() != text_of(id_.view()) ||
        says.public_key() != text_of(public_key()))
        return fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID",
                    "the credential is not for this device");
    credential_ = std::move(credential);
    return {};
}

Result<type::SignedEnvelope> Device::compose(const Draft& draft, const MessageId& id, TimePoint now,
                                             Random& random) const {
    IMECE_CHECK(admit(draft, credential_.has_value()));
    IMECE_TRY(const Bytes sealed, crypto::seal(draft.recipient_key, view_of(draft.body), random));

    type::Envelope envelope;
    envelope.set_message_id(bytes_of(id.view()));
    envelope.set_sender_device_id(bytes_of(id_.view()));
    *envelope.mutable_destination() = draft.destination;
    envelope.set_priority(draft.priority);
    set_time(*envelope.mutable_sent_at(), now);
    if (draft.ttl) envelope.mutable_ttl()->set_seconds(draft.ttl->count());
    envelope.set_exercise(draft.exercise);
    if (draft.clear.ByteSizeLong() > 0) *envelope.mutable_clear() = draft.clear;
    envelope.set_sealed_body(bytes_of(sealed));

    type::SignedEnvelope message;
    envelope.SerializeToString(message.mutable_envelope());
    message.set_signature(
        bytes_of(key_.sign(crypto::kEnvelopeDomain, view_of(message.envelope()))));
    if (draft.attach_credential) *message.mutable_credential() = *credential_;
    return message;
}

Result<type::Envelope> read_envelope(const type::SignedEnvelope& message) {
    type::Envelope envelope;
    MessageId id;
    DeviceId sender;
    const auto malformed = [] {
        return fail(ErrorCode::kInvalidArgument, "ENVELOPE_MALFORMED", "not an envelope");
    };
    if (!envelope.ParseFromString(message.envelope()) || !read_id(envelope.message_id(), id) ||
        !read_id(envelope.sender_device_id(), sender) || !well_formed(envelope.destination()))
        return malformed();
    const std::int64_t sent = envelope.sent_at().seconds();
    if (sent < kSecondsMin || sent > kSecondsMax) return malformed();
    const std::int64_t lives = envelope.has_ttl() ? envelope.ttl().seconds() : 1;
    if (lives < 1 || lives > kTtlMax.count()) return malformed();
    return envelope;
}

Result<Opened> Device::open(const type::SignedEnvelope& message, const OpenWith& with) const {
    Opened opened;
    IMECE_TRY(opened.header, read_envelope(message));
    read_id(opened.header.message_id(), opened.id);
    read_id(opened.header.sender_device_id(), opened.sender);

    IMECE_TRY(const auto sender_key, key_of_sender(message, opened.sender, with));
    if (sender_key && !crypto::verify(*sender_key, crypto::kEnvelopeDomain,
                                      view_of(message.envelope()), view_of(message.signature())))
        return fail(ErrorCode::kPermissionDenied, "SIGNATURE_INVALID",
                    "the envelope was not signed by the device that it names");
    opened.verified = sender_key.has_value();

    const bool for_desk = opened.header.destination().has_group_id() && with.desk_key != nullptr;
    const crypto::SigningKey& reader = for_desk ? *with.desk_key : key_;
    IMECE_TRY(const Bytes plain, reader.open(view_of(opened.header.sealed_body())));
    opened.body = bytes_of(plain);
    opened.header.clear_sealed_body();
    opened.sent_at = time_of(opened.header.sent_at());
    opened.expires_at = opened.sent_at + (opened.header.has_ttl()
                                              ? duration_of(opened.header.ttl())
                                              : Duration(default_ttl(opened.header.priority())));
    return opened;
}

type::SignedReceipt Device::receipt(const MessageId& message, type::ReceiptKind kind,
                                    TimePoint at) const {
    type::Receipt receipt;
    receipt.set_message_id(bytes_of(message.view()));
    receipt.set_device_id(bytes_of(id_.view()));
    receipt.set_kind(kind);
    set_time(*receipt.mutable_at(), at);
    type::SignedReceipt made;
    receipt.SerializeToString(made.mutable_receipt());
    made.set_signature(bytes_of(key_.sign(crypto::kReceiptDomain, view_of(made.receipt()))));
    return made;
}

imece::discovery::v1::SignedReport Device::report(imece::discovery::v1::NodeReport report) const {
    report.set_node_id(bytes_of(id_.view()));
    imece::discovery::v1::SignedReport made;
    report.SerializeToString(made.mutable_report());
    made.set_signature(bytes_of(key_.sign(crypto::kReportDomain, view_of(made.report()))));
    return made;
}

crypto::Signature Device::enrol_proof(std::string_view enrolment_token) const {
    Bytes said;
    said.reserve(64);
    std::ranges::copy(crypto::sha256(view_of(enrolment_token)), std::back_inserter(said));
    std::ranges::copy(public_key(), std::back_inserter(said));
    return key_.sign(crypto::kEnrolDomain, said);
}

crypto::Signature Device::sign_challenge(ByteView challenge) const {
    return key_.sign(crypto::kChallengeDomain, challenge);
}

}  // namespace imece::sdk
