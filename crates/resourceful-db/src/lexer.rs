//! The statements of a text, by the words at which they begin.
//!
//! Strings, quoted names, comments and the bodies of functions and triggers are skipped as the database skips them
//! (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>, <https://www.sqlite.org/lang_keywords.html>).

use sea_orm::DbBackend;

/// The words at which a statement begins, up to four; the others are empty.
pub(crate) type Opening<'s> = [&'s str; 4];

/// Whether a backslash in a string without a prefix escapes the next character. PostgreSQL has a setting for it,
/// `standard_conforming_strings`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Backslash {
    Literal,
    Escape,
}

/// The statements of `sql`, without empty ones and those within functions and triggers.
pub(crate) fn openings(
    sql: &str,
    backend: DbBackend,
    backslash: Backslash,
) -> impl Iterator<Item = Opening<'_>> {
    let mut statements = Statements {
        lexer: Lexer::new(sql, backend, backslash),
        is_in_body: false,
    };
    std::iter::from_fn(move || statements.next_opening())
}

/// The words at which the first statement of `sql` begins.
pub(crate) fn first_opening(sql: &str, backend: DbBackend) -> Opening<'_> {
    let lexer = Lexer::new(sql, backend, Backslash::Literal);
    let mut opening = Opening::default();
    let words = lexer
        .skip_while(|token| *token == Token::Semicolon)
        .map_while(Token::word);
    for (place, word) in opening.iter_mut().zip(words) {
        *place = word;
    }
    opening
}

/// Whether `words` begin with `start`, in any case.
pub(crate) fn begin_with(words: &[&str], start: &[&str]) -> bool {
    let mut both = words.iter().zip(start);
    both.all(|(word, other)| word.eq_ignore_ascii_case(other))
}

struct Statements<'s> {
    lexer: Lexer<'s>,
    /// Within a function or a trigger, whose statements do not run now. Its `END` is at the start of a statement;
    /// that of a `CASE` is not.
    is_in_body: bool,
}

impl<'s> Statements<'s> {
    fn next_opening(&mut self) -> Option<Opening<'s>> {
        loop {
            let was_in_body = self.is_in_body;
            let opening = self.statement()?;
            if !was_in_body && !opening[0].is_empty() {
                return Some(opening);
            }
        }
    }

    /// Reads a statement to its semicolon. Empty: it begins with no word, or has ended a body.
    fn statement(&mut self) -> Option<Opening<'s>> {
        let mut token = self.lexer.next()?;
        let mut opening = Opening::default();
        let (mut opened, mut is_opening) = (0, true);
        let mut is_start = true;
        let mut depth = 0_u32;
        let mut previous = "";
        loop {
            let word = token.word().unwrap_or_default();
            match token {
                Token::Semicolon => return Some(opening),
                Token::Open => depth += 1,
                Token::Close => depth = depth.saturating_sub(1),
                Token::Word(_) | Token::Other => {}
            }
            if self.is_in_body {
                self.is_in_body = !(is_start && word.eq_ignore_ascii_case("END"));
                is_start = false;
            } else {
                if is_opening && opened < opening.len() && !word.is_empty() {
                    opening[opened] = word;
                    opened += 1;
                } else {
                    is_opening = false;
                }
                if depth == 0 && self.begins_body(&opening, previous, word) {
                    self.is_in_body = true;
                    is_start = true;
                }
            }
            previous = word;
            let Some(next) = self.lexer.next() else {
                return Some(opening);
            };
            token = next;
        }
    }

    /// Whether the body of a function or a trigger begins after `word`.
    fn begins_body(&self, opening: &Opening<'_>, previous: &str, word: &str) -> bool {
        let is = |start: &[&str]| begin_with(opening, start);
        if self.lexer.backend == DbBackend::Sqlite {
            word.eq_ignore_ascii_case("BEGIN")
                && (is(&["CREATE", "TRIGGER"])
                    || is(&["CREATE", "TEMP", "TRIGGER"])
                    || is(&["CREATE", "TEMPORARY", "TRIGGER"]))
        } else {
            begin_with(&[previous, word], &["BEGIN", "ATOMIC"])
                && (is(&["CREATE", "FUNCTION"])
                    || is(&["CREATE", "PROCEDURE"])
                    || is(&["CREATE", "OR", "REPLACE", "FUNCTION"])
                    || is(&["CREATE", "OR", "REPLACE", "PROCEDURE"]))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'s> {
    /// A keyword, a name without quotes or a number.
    Word(&'s str),
    Semicolon,
    Open,
    Close,
    /// A string, a quoted name or a sign.
    Other,
}

impl<'s> Token<'s> {
    fn word(self) -> Option<&'s str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

struct Lexer<'s> {
    rest: &'s str,
    backend: DbBackend,
    backslash: Backslash,
}

impl<'s> Iterator for Lexer<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        let is_sqlite = self.backend == DbBackend::Sqlite;
        let first = loop {
            self.skip_blank();
            let first = self.rest.chars().next()?;
            if !is_of_word(first) {
                break first;
            }
            let word = self.word(first);
            // `E'..'`, without a space.
            if !is_sqlite && word.eq_ignore_ascii_case("e") && self.rest.starts_with('\'') {
                self.skip_escaped();
                return Some(Token::Other);
            }
            // Spaces beyond ASCII are letters to the databases. The cache of rusqlite trims them.
            let word = word.trim();
            if !word.is_empty() {
                return Some(Token::Word(word));
            }
        };
        match first {
            '\'' => self.skip_quoted('\'', self.backslash),
            '"' => self.skip_quoted('"', Backslash::Literal),
            '`' if is_sqlite => self.skip_quoted('`', Backslash::Literal),
            '[' if is_sqlite => self.skip_behind(1, "]"),
            '$' if !is_sqlite => self.skip_dollar(),
            _ => self.skip(first.len_utf8()),
        }
        Some(match first {
            ';' => Token::Semicolon,
            '(' => Token::Open,
            ')' => Token::Close,
            _ => Token::Other,
        })
    }
}

impl<'s> Lexer<'s> {
    fn new(sql: &'s str, backend: DbBackend, backslash: Backslash) -> Self {
        Self {
            rest: sql,
            backend,
            backslash,
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Skips `start` bytes, and what follows up to the end of `end`.
    fn skip_behind(&mut self, start: usize, end: &str) {
        self.skip(start);
        let found = self.rest.find(end);
        self.skip(found.map_or(self.rest.len(), |found| found + end.len()));
    }

    /// Skips spaces and comments.
    fn skip_blank(&mut self) {
        loop {
            let is_space = |character: char| character.is_ascii_whitespace() || character == '\x0b';
            self.rest = self.rest.trim_start_matches(is_space);
            if self.rest.starts_with("--") {
                let is_end = |character| {
                    character == '\n' || (character == '\r' && self.backend != DbBackend::Sqlite)
                };
                let end = self.rest.find(is_end);
                self.skip(end.unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.skip_comment();
            } else {
                return;
            }
        }
    }

    /// Skips a comment, which has others in it on PostgreSQL.
    fn skip_comment(&mut self) {
        if self.backend == DbBackend::Sqlite {
            return self.skip_behind(2, "*/");
        }
        let mut depth = 0_u32;
        while !self.rest.is_empty() {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.skip(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.skip(2);
                if depth == 0 {
                    return;
                }
            } else {
                self.skip(self.rest.chars().next().map_or(0, char::len_utf8));
            }
        }
    }

    fn word(&mut self, first: char) -> &'s str {
        let is_number = first.is_ascii_digit();
        let is_end = |character: char| !is_of_word(character) && (is_number || character != '$');
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        self.skip(end);
        word
    }

    /// Skips a string or a name in quotes. Two quotes in it are one.
    fn skip_quoted(&mut self, quote: char, backslash: Backslash) {
        self.skip(1);
        let is_stop =
            |character| character == quote || (character == '\\' && backslash == Backslash::Escape);
        while let Some(stop) = self.rest.find(is_stop) {
            let is_quote = self.rest[stop..].starts_with(quote);
            self.skip(stop + 1);
            if is_quote && !self.rest.starts_with(quote) {
                return;
            }
            self.skip(self.rest.chars().next().map_or(0, char::len_utf8));
        }
        self.rest = "";
    }

    /// Skips a string in which backslashes escape. It goes on after an end of a line.
    fn skip_escaped(&mut self) {
        loop {
            self.skip_quoted('\'', Backslash::Escape);
            let behind = self.rest;
            self.skip_blank();
            let gap = &behind[..behind.len() - self.rest.len()];
            if !(gap.contains(['\n', '\r']) && self.rest.starts_with('\'')) {
                self.rest = behind;
                return;
            }
        }
    }

    /// Skips `$$..$$` or `$tag$..$tag$`; of `$1`, the sign.
    fn skip_dollar(&mut self) {
        let tag = self.rest[1..].find(|character| !is_of_word(character));
        let end = tag.map_or(0, |tag| tag + 1);
        let is_parameter = self.rest[1..].starts_with(|first: char| first.is_ascii_digit());
        if end > 0 && self.rest[end..].starts_with('$') && !is_parameter {
            let quote = &self.rest[..=end];
            self.skip_behind(quote.len(), quote);
        } else {
            self.skip(1);
        }
    }
}

/// Both databases take all characters beyond ASCII for letters.
fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || !character.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openings_of(sql: &str, backend: DbBackend) -> Vec<String> {
        let openings = openings(sql, backend, Backslash::Literal);
        openings
            .map(|words| words.join(" ").trim_end().to_owned())
            .collect()
    }

    #[test]
    fn statements_are_split_as_the_databases_split_them() {
        let both: [(&str, &[&str]); 15] = [
            ("", &[]),
            (" ; ;; -- x", &[]),
            ("SELECT 1; COMMIT", &["SELECT 1", "COMMIT"]),
            (";COMMIT;", &["COMMIT"]),
            ("/* x */ COMMIT", &["COMMIT"]),
            ("-- x\nCOMMIT", &["COMMIT"]),
            ("-- ' \nCOMMIT -- '", &["COMMIT"]),
            ("\u{b}COMMIT\u{c}", &["COMMIT"]),
            ("\u{a0}COMMIT\u{a0}", &["COMMIT"]),
            ("\u{a0} COMMIT", &["COMMIT"]),
            (
                "SELECT ';COMMIT', 'it''s;a', \"a\"\";b\"; END",
                &["SELECT", "END"],
            ),
            ("SELECT '\\'; COMMIT", &["SELECT", "COMMIT"]),
            ("SELECT 'a", &["SELECT"]),
            ("SELECT \"a;b", &["SELECT"]),
            ("SELECT /* ; COMMIT", &["SELECT"]),
        ];
        let sqlite: [(&str, &[&str]); 8] = [
            ("/* /* */ COMMIT", &["COMMIT"]),
            ("SELECT [;a], `;b``;c`; END", &["SELECT", "END"]),
            ("SELECT $$; COMMIT; $$", &["SELECT", "COMMIT"]),
            ("SELECT E'\\'; COMMIT; '", &["SELECT E", "COMMIT"]),
            (
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; SELECT CASE 1 WHEN 1 THEN 2 END; END; COMMIT",
                &["CREATE TRIGGER t AFTER", "COMMIT"],
            ),
            (
                "create temp trigger begin before update on a begin select 1; end; end",
                &["create temp trigger begin", "end"],
            ),
            ("CREATE TRIGGER t", &["CREATE TRIGGER t"]),
            (
                "CREATE TABLE begin (a); COMMIT",
                &["CREATE TABLE begin", "COMMIT"],
            ),
        ];
        let postgres: [(&str, &[&str]); 20] = [
            ("/* /* */ COMMIT", &[]),
            ("/* /* */ */ COMMIT", &["COMMIT"]),
            ("-- x\rCOMMIT", &["COMMIT"]),
            ("SELECT E'\\';COMMIT'; END", &["SELECT", "END"]),
            ("SELECT e'a''\\';COMMIT'; END", &["SELECT", "END"]),
            (
                "SELECT E'a'\n -- x\n 'b\\';COMMIT'; END",
                &["SELECT", "END"],
            ),
            ("SELECT E'a' 'b\\'; COMMIT", &["SELECT", "COMMIT"]),
            ("SELECT type'\\'; COMMIT", &["SELECT type", "COMMIT"]),
            ("SELECT $$; COMMIT; '$$; END", &["SELECT", "END"]),
            ("SELECT $a1$; $$ COMMIT; $b$ $a1$; END", &["SELECT", "END"]),
            (
                "SELECT $1; COMMIT; SELECT $1",
                &["SELECT", "COMMIT", "SELECT"],
            ),
            ("SELECT $1$$;COMMIT$$", &["SELECT"]),
            (
                "SELECT a$b$; COMMIT; SELECT 1$b$",
                &["SELECT a$b$", "COMMIT", "SELECT 1"],
            ),
            (
                "SELECT 1 \u{a0}$$; COMMIT; SELECT 1 \u{a0}$$",
                &["SELECT 1 $$", "COMMIT", "SELECT 1 $$"],
            ),
            (
                "SELECT a[1]; COMMIT; SELECT ']'",
                &["SELECT a", "COMMIT", "SELECT"],
            ),
            ("DO $$ BEGIN COMMIT; END $$", &["DO"]),
            (
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; COMMIT",
                &["CREATE FUNCTION f", "COMMIT"],
            ),
            (
                "create or replace procedure p() begin atomic end; end",
                &["create or replace procedure", "end"],
            ),
            (
                "CREATE FUNCTION f(begin atomic) RETURNS begin AS ''; COMMIT",
                &["CREATE FUNCTION f", "COMMIT"],
            ),
            (
                "CREATE VIEW v AS SELECT * FROM begin atomic; COMMIT",
                &["CREATE VIEW v AS", "COMMIT"],
            ),
        ];
        for (backends, table) in [
            (&[DbBackend::Sqlite, DbBackend::Postgres][..], &both[..]),
            (&[DbBackend::Sqlite], &sqlite),
            (&[DbBackend::Postgres], &postgres),
        ] {
            for backend in backends {
                for (sql, expected) in table {
                    assert_eq!(openings_of(sql, *backend), *expected, "{backend:?}: {sql}");
                }
            }
        }
    }

    #[test]
    fn a_backslash_may_escape_in_all_strings() {
        let sql = "SELECT '\\''; COMMIT; '";
        let words = |backslash| openings(sql, DbBackend::Postgres, backslash).count();
        // The last one begins with a string.
        assert_eq!(
            (words(Backslash::Literal), words(Backslash::Escape)),
            (1, 2)
        );
    }
}
