// Messages as JSON schemas, by their field rules.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/object.hpp>
#include <set>
#include <string>

namespace imece::gateway {

/// A message is described twice where it goes both ways: what we take is exact, what we give may
/// grow.
enum class Direction { kIn, kOut };

/// Collects the components that schemas refer to.
class Schemas {
public:
    /// {"$ref": …} to `type`'s component, which is made where it is not there.
    boost::json::object reference(const google::protobuf::Descriptor& type, Direction direction);
    /// The object in place, without the fields named in `without`.
    boost::json::object object(const google::protobuf::Descriptor& type, Direction direction,
                               const std::set<std::string>& without);
    boost::json::object field(const google::protobuf::FieldDescriptor& field, Direction direction);
    const boost::json::object& components() const { return components_; }

private:
    boost::json::object value(const google::protobuf::FieldDescriptor& field, Direction direction);
    boost::json::object components_;
};

/// A value that the schema takes, for the documentation.
boost::json::value example_of(const google::protobuf::Descriptor& type,
                              const std::set<std::string>& without);
boost::json::value example_of(const google::protobuf::FieldDescriptor& field);

}  // namespace imece::gateway
