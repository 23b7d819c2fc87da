//! Rules of the application that its document lacks: they are no faults and hide none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use resourceful::prelude::*;
use resourceful::{ErrorStatus, FieldError, Input, Security};
use resourceful_testing::{Conformance, conformance};

use super::names;

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Book {
    id: i64,
    title: String,
    author_id: i64,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewBook {
    #[garde(length(chars, min = 1, max = 20))]
    #[schemars(extend("pattern" = r"\S"))]
    title: String,
    #[garde(skip)]
    author_id: i64,
}

/// Has the schema of `NewBook`, but accepts any title.
#[derive(Deserialize, Validate)]
struct AnyBook {
    #[garde(skip)]
    title: String,
    #[garde(skip)]
    author_id: i64,
}

impl JsonSchema for AnyBook {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        NewBook::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        NewBook::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        NewBook::json_schema(generator)
    }
}

trait Draft: Input {
    fn parts(self) -> (String, i64);
}

impl Draft for NewBook {
    fn parts(self) -> (String, i64) {
        (self.title, self.author_id)
    }
}

impl Draft for AnyBook {
    fn parts(self) -> (String, i64) {
        (self.title, self.author_id)
    }
}

/// The rule of a shelf that its document lacks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// The author is one of these.
    Authors(&'static [i64]),
    /// Unique titles, else 422.
    InvalidTitles,
    /// Unique titles, else 409.
    ConflictingTitles,
    /// Two members depend on each other.
    AuthorsOfLongTitles,
}

/// A fault besides the rule.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Errors of the title are reported for the author.
    NamesAnotherField,
    /// A missing item is a conflict.
    ConflictsWhenUnknown,
    /// The rule is a panic.
    Panics,
}

struct Books<C = NewBook> {
    rule: Rule,
    fault: Fault,
    stored: Mutex<BTreeMap<i64, Book>>,
    types: std::marker::PhantomData<fn() -> C>,
}

impl<C> Books<C> {
    fn with(rule: Rule, fault: Fault) -> Self {
        Self {
            rule,
            fault,
            stored: Mutex::default(),
            types: std::marker::PhantomData,
        }
    }

    /// As in many applications, the rule is checked before blank texts.
    fn check(&self, id: i64, title: &str, author_id: i64) -> Result<()> {
        let invalid = |field: &str, detail: &'static str| {
            assert!(self.fault != Fault::Panics, "{detail}");
            Err(Error::invalid([FieldError::body(field, detail)]))
        };
        let stored = self.stored.lock().unwrap().clone();
        let is_taken = stored
            .values()
            .any(|book| book.id != id && book.title == title);
        match self.rule {
            Rule::Authors(known) if !known.contains(&author_id) => {
                return invalid("/author_id", "is not an author");
            }
            Rule::InvalidTitles if is_taken => return invalid("/title", "is taken"),
            Rule::ConflictingTitles if is_taken => {
                return Err(Error::conflict("The title is taken."));
            }
            Rule::AuthorsOfLongTitles if title.chars().count() > 10 && author_id < 0 => {
                return invalid("/author_id", "must be known for a long title");
            }
            _ => {}
        }
        if title.trim().is_empty() {
            let field = match self.fault {
                Fault::NamesAnotherField => "/author_id",
                _ => "/title",
            };
            return invalid(field, "is blank");
        }
        Ok(())
    }

    fn find(&self, id: i64) -> Result<Book> {
        let stored = self.stored.lock().unwrap();
        let missing = || match self.fault {
            Fault::ConflictsWhenUnknown => Error::conflict("There is no such book."),
            _ => Error::not_found("Book not found"),
        };
        stored.get(&id).cloned().ok_or_else(missing)
    }
}

#[resource]
impl<C: Draft> AsyncResource for Books<C> {
    const NAME: &'static str = "books";
    type Access = Public;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Book>> {
        let stored: Vec<_> = self.stored.lock().unwrap().values().cloned().collect();
        Ok(page.slice(&stored))
    }

    async fn create(&self, _: &Request, new: C) -> Result<Book> {
        let (title, author_id) = new.parts();
        self.check(0, &title, author_id)?;
        let mut stored = self.stored.lock().unwrap();
        let id = stored.last_key_value().map_or(1, |(id, _)| id + 1);
        let book = Book {
            id,
            title,
            author_id,
        };
        stored.insert(id, book.clone());
        Ok(book)
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Book> {
        self.find(id)
    }

    /// The rule is checked before the item.
    async fn update(&self, _: &Request, id: i64, new: C) -> Result<Book> {
        let (title, author_id) = new.parts();
        self.check(id, &title, author_id)?;
        self.find(id)?;
        let book = Book {
            id,
            title,
            author_id,
        };
        self.stored.lock().unwrap().insert(id, book.clone());
        Ok(book)
    }

    async fn destroy(&self, _: &Request, id: i64) -> Result<()> {
        self.find(id)?;
        self.stored.lock().unwrap().remove(&id);
        Ok(())
    }

    fn location_id(&self, book: &Book) -> Option<i64> {
        Some(book.id)
    }
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Author {
    id: i64,
}

/// They follow the books in the document and exist from the start.
struct Writers(&'static [i64]);

#[resource]
impl AsyncResource for Writers {
    const NAME: &'static str = "writers";
    type Access = Public;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Author>> {
        let all: Vec<_> = self.0.iter().map(|id| Author { id: *id }).collect();
        Ok(page.slice(&all))
    }
}

const FAR: &[i64] = &[700_001, 700_002];

fn books<C: Draft>(rule: Rule, fault: Fault) -> App {
    App::new()
        .resource("/books", Books::<C>::with(rule, fault))
        .resource("/writers", Writers(FAR))
}

async fn found(conformance: Conformance) -> Vec<String> {
    names(&conformance.findings().await)
}

macro_rules! table {
    ($($fact:ident: $app:expr => [$($found:literal),* $(,)?],)*) => {$(
        #[tokio::test]
        async fn $fact() {
            let expected: &[&str] = &[$($found),*];
            for seed in [0, 7] {
                assert_eq!(found(conformance($app).seed(seed)).await, expected, "seed {seed}");
            }
        }
    )*};
}

table! {
    an_author_that_is_not_there: books::<NewBook>(Rule::Authors(FAR), Fault::None) => [],
    the_first_row_of_a_table: books::<NewBook>(Rule::Authors(&[1]), Fault::None) => [],
    a_title_that_is_taken: books::<NewBook>(Rule::InvalidTitles, Fault::None) => [],
    a_title_that_conflicts: books::<NewBook>(Rule::ConflictingTitles, Fault::None) => [],
    members_that_do_not_fit: books::<NewBook>(Rule::AuthorsOfLongTitles, Fault::None) => [],

    a_lost_rule_beside_authors: books::<AnyBook>(Rule::AuthorsOfLongTitles, Fault::None) => [
        "POST /books [broken-field]",
        "PUT /books/{id} [broken-field]",
    ],
    a_lost_rule_beside_taken_titles: books::<AnyBook>(Rule::InvalidTitles, Fault::None) => [
        "POST /books [broken-field]",
    ],
    a_lost_rule_beside_conflicts: books::<AnyBook>(Rule::ConflictingTitles, Fault::None) => [
        "POST /books [broken-field]",
        "PUT /books/{id} [broken-field]",
    ],
    another_field_beside_taken_titles: books::<NewBook>(Rule::InvalidTitles, Fault::NamesAnotherField) => [
        "POST /books [broken-field]",
        "PUT /books/{id} [broken-field]",
    ],
    another_field_beside_conflicts: books::<NewBook>(Rule::ConflictingTitles, Fault::NamesAnotherField) => [
        "POST /books [broken-field]",
        "PUT /books/{id} [broken-field]",
    ],
    an_unknown_id_beside_conflicts: books::<NewBook>(Rule::ConflictingTitles, Fault::ConflictsWhenUnknown) => [
        "DELETE /books/{id} [unknown-id]",
        "GET /books/{id} [unknown-id]",
        "PUT /books/{id} [unknown-id]",
    ],
    an_unknown_id_beside_authors: books::<NewBook>(Rule::Authors(FAR), Fault::ConflictsWhenUnknown) => [
        "DELETE /books/{id} [unknown-id]",
        "GET /books/{id} [unknown-id]",
        "PUT /books/{id} [unknown-id]",
    ],
    a_rule_that_panics: books::<NewBook>(Rule::AuthorsOfLongTitles, Fault::Panics) => [
        "POST /books [server-error]",
        "PUT /books/{id} [server-error]",
    ],
}

mod limits {
    use super::*;

    #[derive(Debug, thiserror::Error, Problem)]
    enum Closed {
        #[error("No login has this id.")]
        #[problem(status = 404)]
        Missing,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    struct Login {
        #[garde(length(chars, min = 1, max = 20))]
        name: String,
        #[garde(skip)]
        password: String,
    }

    #[derive(Clone, Serialize, JsonSchema)]
    struct Account {
        id: i64,
    }

    fn too_many() -> Error {
        Error::new(ErrorStatus::new(429)).with_retry_after(60)
    }

    /// Five requests per client; authentication comes first.
    struct Limited<const REQUESTS: u32>(AtomicU32);

    struct FewRequests;

    impl<const REQUESTS: u32> Access<Limited<REQUESTS>> for FewRequests {
        type Caller = ();

        fn security(_: &Limited<REQUESTS>, _: Option<Action>) -> Vec<Security> {
            vec![Security::Bearer]
        }

        async fn check(limited: &Limited<REQUESTS>, request: &Request) -> Result<()> {
            if limited.0.fetch_add(1, Ordering::Relaxed) >= REQUESTS {
                return Err(too_many());
            }
            match request.header("authorization") {
                Some("Bearer s3cret") => Ok(()),
                _ => Err(Error::unauthorized("Bearer")),
            }
        }
    }

    #[resource]
    impl<const REQUESTS: u32> AsyncResource for Limited<REQUESTS> {
        const NAME: &'static str = "logins";
        type Access = FewRequests;

        async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Account>, Closed> {
            Ok(page.slice(&[Account { id: 1 }]))
        }

        async fn create(&self, _: &Request, login: Login) -> Result<Account, Closed> {
            drop(login.name + &login.password);
            Ok(Account { id: 1 })
        }

        async fn retrieve(
            &self,
            _: &Request,
            Unchecked(id): Unchecked<i64>,
        ) -> Result<Account, Closed> {
            match id {
                1 => Ok(Account { id }),
                _ => Err(Closed::Missing),
            }
        }
    }

    /// 429 is never a fault, although it is not documented.
    #[tokio::test]
    async fn a_limit_on_requests() {
        async fn findings<const REQUESTS: u32>() -> Vec<String> {
            let app = App::new().resource("/logins", Limited::<REQUESTS>(AtomicU32::new(0)));
            let conformance = conformance(app).header("authorization", "Bearer s3cret");
            found(conformance).await
        }
        assert_eq!(findings::<0>().await, [""; 0]);
        assert_eq!(findings::<1>().await, [""; 0]);
        assert_eq!(findings::<5>().await, [""; 0]);
        assert_eq!(findings::<12>().await, [""; 0]);
        assert_eq!(findings::<60>().await, [""; 0]);
        assert_eq!(findings::<150>().await, [""; 0]);
    }

    #[tokio::test]
    async fn a_limit_in_a_view() {
        static REQUESTS: AtomicU32 = AtomicU32::new(0);
        async fn login(mut request: Request) -> Result<Json<String>> {
            if REQUESTS.fetch_add(1, Ordering::Relaxed) >= 5 {
                return Err(too_many());
            }
            let login: Login = request.json().await?;
            Err(Error::invalid([FieldError::body(
                "/password",
                format!("is not that of {}{}", login.name, login.password.len()),
            )]))
        }
        let about = Description::of("Signs in.").body::<Login>();
        let app = App::new().post("/login", public(login).described(about));
        assert_eq!(found(conformance(app)).await, [""; 0]);
    }
}

/// A 422 from reading the input is always a fault of the document.
mod reader {
    use super::*;

    /// The rule counts bytes, the schema characters.
    #[derive(Deserialize, JsonSchema, Validate)]
    struct Bytes {
        #[garde(length(bytes, max = 6))]
        #[schemars(length(max = 6))]
        text: String,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "garde calls it so")]
    fn is_even(number: &i32, (): &()) -> garde::Result {
        match number % 2 {
            0 => Ok(()),
            _ => Err(garde::Error::new("is odd")),
        }
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    struct Even {
        #[garde(custom(is_even))]
        number: i32,
    }

    /// The pattern allows more than the type.
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    struct Code {
        #[schemars(with = "String", extend("pattern" = "^[a-d]{2}$"))]
        code: TwoOfAbc,
    }

    #[derive(Deserialize)]
    #[serde(try_from = "String")]
    struct TwoOfAbc(String);

    impl TryFrom<String> for TwoOfAbc {
        type Error = &'static str;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            if text.chars().all(|letter| "abc".contains(letter)) {
                Ok(Self(text))
            } else {
                Err("is no code")
            }
        }
    }

    struct DocComments<T>(std::marker::PhantomData<fn() -> T>);

    #[resource]
    impl<T: Input> AsyncResource for DocComments<T> {
        const NAME: &'static str = "texts";
        type Access = Public;

        async fn create(&self, _: &Request, _: T) -> Result<()> {
            Ok(())
        }
    }

    async fn take<T: Input>(mut request: Request) -> Result<()> {
        request.json::<T>().await.map(drop)
    }

    async fn take_raw<T: Input>(mut request: Request) -> Result<()> {
        resourceful::from_json::<T>(&request.bytes().await?).map(drop)
    }

    async fn is_found<T: Input>() {
        let about = || Description::of("Takes it.").body::<T>();
        let query = Description::of("Searches.").query::<T>();
        let app = App::new()
            .resource("/resource", DocComments::<T>(std::marker::PhantomData))
            .post("/view", public(take::<T>).described(about()))
            .post("/raw", public(take_raw::<T>).described(about()))
            .get("/query", public(search::<T>).described(query));
        let mut found = found(conformance(app)).await;
        found.retain(|finding| finding.ends_with("[valid-request]"));
        let expected = ["GET /query", "POST /raw", "POST /resource", "POST /view"];
        assert_eq!(
            found,
            expected.map(|name| format!("{name} [valid-request]"))
        );
    }

    async fn search<T: Input>(request: Request) -> Result<()> {
        request.query::<T>().map(drop)
    }

    #[tokio::test]
    async fn a_rule_that_counts_bytes() {
        is_found::<Bytes>().await;
    }

    #[tokio::test]
    async fn a_rule_that_is_not_in_the_document() {
        is_found::<Even>().await;
    }

    #[tokio::test]
    async fn a_type_that_accepts_less_than_its_pattern() {
        let _ = |code: Code| code.code.0;
        is_found::<Code>().await;
    }

    /// Conflicts of names do not hide it.
    #[tokio::test]
    async fn a_rule_that_counts_bytes_beside_one_of_a_hook() {
        static TAKEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        async fn take(mut request: Request) -> Result<()> {
            let Bytes { text } = request.json().await?;
            if TAKEN.lock().unwrap().insert(text) {
                Ok(())
            } else {
                Err(Error::invalid([FieldError::body("/text", "is taken")]))
            }
        }
        let about = Description::of("Takes it.").body::<Bytes>();
        let app = App::new().post("/view", public(take).described(about));
        assert_eq!(
            found(conformance(app)).await,
            ["POST /view [valid-request]"]
        );
    }
}
