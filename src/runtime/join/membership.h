// The certificate by which this process is known to the others of its site.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "runtime/join/join_secret.h"

namespace imece::runtime {

class Metrics;
class Server;

/// Gets it from the site's security service, and again at half of its life, until stop(). Each is for the same key, made at the first
/// start, and lies with it and the site's root in a directory that the server watches (MemberFiles): nothing restarts.
///
/// A process that starts while security is away uses the certificate that it has, for as long as that is good.
class Membership {
public:
    struct Options {
        std::string service;  ///< What the process is: the name that it asks for.
        JoinSecret secret;
        std::filesystem::path directory;  ///< Mode 0700; made where it is absent.
    };
    Membership(Options options, Server& server, Random& random, Metrics& metrics);
    ~Membership();

    /// After the server's start. Errors: kUnavailable STORE_DOWN.
    Status start();
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
