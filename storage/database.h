// A thin hold on SQLite: a connection and its prepared statements, errors as values.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace storage {

struct SqlError {
  int code = 0;  // SQLite's extended result code
  std::string text;
};

class Statement {
 public:
  // Binds parameter `index`, counted from 1, for the next step(); returns itself.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, base::ByteView value);
  // True: there is a row. The statement is reset after its last row and after an error.
  [[nodiscard]] base::Result<bool, SqlError> step();
  // Gives up the rows that were not stepped to.
  void reset();
  // Of the current row, columns counted from 0.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] base::Bytes blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  [[nodiscard]] static base::Result<Database, SqlError> open(const std::filesystem::path& file);
  // One that is there, also while somebody else writes to it.
  [[nodiscard]] static base::Result<Database, SqlError> open_to_read(
      const std::filesystem::path& file);

  [[nodiscard]] base::Result<void, SqlError> execute(const char* sql);
  [[nodiscard]] base::Result<Statement, SqlError> prepare(const char* sql);
  // The first column of the first row.
  [[nodiscard]] base::Result<std::int64_t, SqlError> query_integer(const char* sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  [[nodiscard]] static base::Result<Database, SqlError> open(const std::filesystem::path& file,
                                                             int flags);
  [[nodiscard]] SqlError last_error() const;

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace storage
