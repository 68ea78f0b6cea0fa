@0xc2e4b7a1d3f50912;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("wire::schema");

# What an agent says it can do, pulled by its digest.
struct AgentDescriptor {
  roles @0 :List(Text);
  capabilities @1 :List(Capability);
  concurrency @2 :UInt32;  # 0 = not limited
}

struct Capability {
  name @0 :Text;
  description @1 :Text;
  examples @2 :List(Text);
  attributes @3 :List(Attribute);  # ordered by name
  proficiency @4 :UInt8;           # 0 novice, 1 competent, 2 expert
  versionMajor @5 :UInt32;
  versionMinor @6 :UInt32;
  versionPatch @7 :UInt32;
  costMicros @8 :Int64;
  check @9 :OutputCheck;           # absent = none
}

struct OutputCheck {
  nonEmpty @0 :Bool;
  pattern @1 :Text;  # RE2
  schema @2 :Text;   # JSON Schema
}

struct Attribute {
  name @0 :Text;
  values @1 :List(Text);
}
