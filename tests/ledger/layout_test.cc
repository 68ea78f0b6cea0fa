#include "ledger/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ledger {
namespace {

TEST(LayoutTest, IsLittleEndianAndOfFixedWidth) {
  Writer out;
  out.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).flag(true).text("ab");
  out.sized(base::to_bytes("c"));
  EXPECT_EQ(base::to_hex(out.take()),
            "01"
            "0302"
            "07060504"
            "0f0e0d0c0b0a0908"
            "01"
            "02006162"
            "0100000063");
}

TEST(LayoutTest, ReadsWhatWasWritten) {
  Writer out;
  out.u8(7).u16(65535).u32(4'000'000'000).u64(~std::uint64_t{0}).flag(false).text("grün");
  out.sized(base::to_bytes("x")).count(3);
  const base::Bytes bytes = out.take();
  Reader in(bytes);
  EXPECT_EQ(in.u8(), 7);
  EXPECT_EQ(in.u16(), 65535);
  EXPECT_EQ(in.u32(), 4'000'000'000);
  EXPECT_EQ(in.u64(), ~std::uint64_t{0});
  EXPECT_FALSE(in.flag());
  EXPECT_EQ(in.text(10), "grün");
  EXPECT_EQ(in.sized(1), base::to_bytes("x"));
  EXPECT_EQ(in.count(3), 3U);
  EXPECT_TRUE(in.done());
}

TEST(LayoutTest, RefusesWhatIsLeftOver) {
  const base::Bytes bytes = base::to_bytes("ab");
  Reader in(bytes);
  static_cast<void>(in.u8());
  EXPECT_FALSE(in.refused());
  EXPECT_FALSE(in.done());
}

TEST(LayoutTest, ReadsZeroAfterTheFirstRefusal) {
  const base::Bytes bytes = base::to_bytes("abc");
  Reader in(bytes);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_TRUE(in.refused());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.count(10), 0U);
  EXPECT_EQ(in.id<base::NodeId>(), base::NodeId{});
}

TEST(LayoutTest, RefusesWhatIsOutOfBounds) {
  const auto refuses = [](std::string_view hex, auto read) {
    base::Bytes bytes(hex.size() / 2);
    EXPECT_TRUE(base::from_hex(hex, bytes));
    Reader in(bytes);
    static_cast<void>(read(in));
    return !in.done();
  };
  EXPECT_TRUE(refuses("02", [](Reader& in) { return in.flag(); }));
  EXPECT_TRUE(refuses("04", [](Reader& in) { return in.choice(3); }));
  EXPECT_TRUE(refuses("03006162", [](Reader& in) { return in.text(10); }));
  EXPECT_TRUE(refuses("02006162", [](Reader& in) { return in.text(1); }));
  EXPECT_TRUE(refuses("010041", [](Reader& in) { return in.name(); }));
  EXPECT_TRUE(refuses("0000", [](Reader& in) { return in.name(); }));
  EXPECT_TRUE(refuses("ffffffff61", [](Reader& in) { return in.sized(100); }));
  EXPECT_TRUE(refuses("0500", [](Reader& in) { return in.count(4); }));
  EXPECT_FALSE(refuses("010061", [](Reader& in) { return in.name(); }));
}

TEST(LayoutTest, TakesWellFormedTextOnly) {
  for (const std::string text : {"", "plain", "grün", "€", "\xf0\x9f\x90\x9d"}) {
    EXPECT_TRUE(is_text(text)) << text;
  }
  const std::vector<std::string> bad{"a\nb",         "\x7f",         "\xc3",
                                     "\xc0\xaf",     "\xed\xa0\x80", "\xf5\x80\x80\x80",
                                     "\x80",         "\xe2\x82",     "\xf4\x90\x80\x80",
                                     "\xe0\x80\x80", "\xc2\x85",     std::string(1, '\0')};
  for (const std::string& text : bad) {
    EXPECT_FALSE(is_text(text)) << base::to_hex(base::as_bytes(text));
  }
}

}  // namespace
}  // namespace ledger
