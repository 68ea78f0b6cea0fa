@0xc4f1a9d27b3e5806;
# Membership between nodes. Bytes on the wire are packed; signatures cover gossip/statements.cc's
# layout, never these bytes. Every list and blob is bounded by the decoder.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("wire::schema");

struct Record {
  subject @0 :Data;        # 32 bytes
  epoch @1 :UInt64;
  sequence @2 :UInt64;
  name @3 :Text;
  address @4 :Data;        # 16 bytes, IPv4 mapped; or 4 bytes, IPv4
  port @5 :UInt16;
  readiness @6 :UInt8;
  inFlight @7 :UInt32;
  concurrency @8 :UInt32;
  latencyMicros @9 :UInt32;
  descriptor @10 :Data;    # 32 bytes; empty = no agent
  protocol @11 :UInt16;
  signature @12 :Data;     # 64 bytes
}

struct Accusation {
  accuser @0 :Data;
  subject @1 :Data;
  record @2 :Data;
  signature @3 :Data;
}

struct Packet {
  sequence @0 :UInt32;
  kind @1 :UInt8;          # gossip::Body's alternatives in order
  flag @2 :Bool;           # relayed: reached
  introduces @3 :Bool;
  tableDigest @4 :UInt64;
  node @5 :Data;           # ping request, hint
  records @6 :List(Record);
  accusations @7 :List(Accusation);
}

struct Question {
  union {
    join :group {
      record @0 :Record;
      after @1 :Data;
    }
    compare @2 :List(UInt64);
    exchange :group {
      wanted @3 :List(UInt64);
      records @4 :List(Record);
      accusations @5 :List(Accusation);
    }
    pullDescriptor @6 :Data;
    pullReports @7 :List(Interest);
  }
}

struct Interest {
  capability @0 :Text;
  known @1 :List(KnownReport);
}

struct KnownReport {
  author @0 :UInt64;       # the first eight bytes of its id
  epoch @1 :UInt64;
  sequence @2 :UInt64;
}

struct Observation {
  subject @0 :Data;        # 32 bytes
  samples @1 :UInt32;
  successPpm @2 :UInt32;
  judged @3 :Bool;         # whether qualityPpm says anything
  qualityPpm @4 :UInt32;
  latencyMicros @5 :UInt32;
}

struct Report {
  author @0 :Data;         # 32 bytes
  capability @1 :Text;
  epoch @2 :UInt64;
  sequence @3 :UInt64;
  observations @4 :List(Observation);
  signature @5 :Data;      # 64 bytes
  ageMs @6 :UInt32;        # when it was sent; not signed
}

struct Entry {
  key @0 :UInt64;
  epoch @1 :UInt64;
  sequence @2 :UInt64;
  evidence @3 :UInt64;
}

struct Reply {
  union {
    welcome :group {
      records @0 :List(Record);
      accusations @1 :List(Accusation);
      more @2 :Bool;
    }
    summary :group {
      differing @3 :UInt64;
      entries @4 :List(Entry);
    }
    items :group {
      records @5 :List(Record);
      accusations @6 :List(Accusation);
    }
    descriptorBody @7 :Data;
    reports @8 :List(Report);
  }
}
