@0xd90f27c55e14ab3c;
# Agreement between nodes, and its log on disk. Signatures and hashes cover the layouts of
# consensus/statements.cc and ledger/layout.cc, never these bytes. Every list and blob is bounded by
# the decoder; blocks, certificates and proofs prove themselves.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("wire::schema");

struct Vote {
  kind @0 :UInt8;
  epoch @1 :UInt64;
  view @2 :UInt64;
  block @3 :Data;        # 32 bytes
  signer @4 :UInt16;
  signature @5 :Data;    # 64 bytes
}

struct Certificate {
  kind @0 :UInt8;
  epoch @1 :UInt64;
  view @2 :UInt64;
  block @3 :Data;        # 32 bytes
  signers @4 :UInt64;    # bit i: signer index i
  signatures @5 :Data;   # 64 bytes for each bit, ascending
}

struct Block {
  header @0 :Data;       # 224 bytes
  ops @1 :List(Data);
}

struct Validator {
  node @0 :Data;         # 32 bytes
  voteKey @1 :Data;      # 32 bytes
}

struct EpochDescriptor {
  mesh @0 :Data;
  number @1 :UInt64;
  previous @2 :Data;
  anchorHash @3 :Data;
  anchorHeight @4 :UInt64;
  committee @5 :List(Validator);
  version @6 :UInt16;
  blockBytesMax @7 :UInt32;
  blockOpsMax @8 :UInt32;
}

struct EpochProof {
  descriptor @0 :EpochDescriptor;
  seal @1 :Data;              # header
  tail @2 :List(Data);        # headers
  finalization @3 :Certificate;
}

struct Proposal {
  block @0 :Block;
  justification @1 :List(Certificate);
  leaderSignature @2 :Data;
}

struct Status {
  epoch @0 :UInt64;
  epochId @1 :Data;
  finalizedView @2 :UInt64;
  finalizedHeight @3 :UInt64;
  finalizedHash @4 :Data;
  view @5 :UInt64;
  haveNotarizations @6 :UInt64;
  haveNullifications @7 :UInt64;
  entry @8 :Certificate;      # absent in view 1
  yourLastVotes @9 :List(Vote);
  asks @10 :Bool;
}

struct NextEpoch {
  committee @0 :List(Validator);
  version @1 :UInt16;
  blockBytesMax @2 :UInt32;
  blockOpsMax @3 :UInt32;
}

struct Range {
  blocks @0 :List(Block);
  finalization @1 :Certificate;
  tail @2 :List(Data);        # headers
}

struct Piece {
  index @0 :UInt32;
  offset @1 :UInt32;
  size @2 :UInt32;            # of all of it
  bytes @3 :Data;
}

struct AgreementMessage {
  union {
    vote @0 :Vote;
    certificate @1 :Certificate;
    proposal @2 :Proposal;
    status @3 :Status;
    getBlocks @4 :List(Data);
    blocks @5 :List(Block);
    getRange :group {
      fromHeight @6 :UInt64;
      blocksMax @7 :UInt16;
      bytesMax @8 :UInt32;
      epoch @19 :UInt64;
      snapshotAfter @38 :UInt64;
    }
    range @9 :Range;
    getCertificates :group {
      epoch @10 :UInt64;
      views @11 :List(UInt64);
    }
    certificates @12 :List(Certificate);
    getEpochs :group {
      fromEpoch @13 :UInt64;
      epochsMax @14 :UInt16;
    }
    epochProofs @15 :List(EpochProof);
    ops @16 :List(Data);
    evidence :group {
      first @17 :Vote;
      second @18 :Vote;
    }
    snapshotOffer :group {
      block @20 :Block;
      finalization @21 :Certificate;
      epochs @22 :List(EpochProof);
      manifest @23 :Data;
    }
    getPieces :group {
      root @24 :Data;         # 32 bytes, of the state
      pieces @25 :List(UInt32);
      offset @26 :UInt32;     # in the first of them
    }
    pieces :group {
      root @27 :Data;
      pieces @28 :List(Piece);
    }
    getReady :group {
      epochId @29 :Data;
      height @30 :UInt64;
      next @31 :NextEpoch;
      notAfterHeight @32 :UInt64;
    }
    readiness :group {
      epochId @33 :Data;
      next @34 :Data;            # 32 bytes
      notAfterHeight @35 :UInt64;
      why @36 :UInt8;
      signature @37 :Data;       # absent unless ready
    }
  }
}

# One record of the log (consensus/record.h).
struct LogRecord {
  union {
    epochStart @0 :EpochProof;
    block @1 :Block;
    certificate @2 :Certificate;
    ownVote @3 :Vote;
  }
}

# What proves a decided block in the archive: the finalization of its own header, or of the last of
# those that follow it.
struct DecisionProof {
  finalization @0 :Certificate;
  tail @1 :List(Data);        # headers
}
