//! [`conformance`]: an application beside its own document.
//!
//! The document is read into [`document`]'s operations. For each, [`generate`] makes requests
//! from the schemas, [`places`] finds what can be altered in them and [`rules`] into what, [`session`]
//! sends them, [`explore`] makes small what fails, and [`answers`] looks at what comes back.
//! [`references`] finds members that name other items, [`foreign`] knows the types that take less
//! than their schemas say.

mod access;
mod alteration;
mod answers;
mod bodies;
mod closed;
mod curl;
mod document;
mod exchange;
mod expected;
mod explore;
mod finding;
mod flat;
mod foreign;
mod generate;
mod items;
mod life;
mod methods;
mod number;
mod paging;
mod places;
mod reader;
mod references;
mod requests;
mod rules;
mod schema;
mod session;
mod text;
mod trial;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use http::Method;
use http::header::{HeaderName, HeaderValue};
use serde_json::Value;

use self::document::{Document, Operation};
pub use self::finding::Finding;
use self::finding::{Complaint, Findings};
use self::items::last_parameter;
use self::session::Session;
use resourceful::App;
use resourceful::TestClient;

/// Tests that an application keeps what its document promises; `.await` it.
///
/// Requests are made from the schemas of the document and sent through [`TestClient`]: right
/// ones up to the edge of every bound, and wrong ones, each with a rule broken. What is looked at:
///
/// * no answer is a 5xx, each has a documented status, type and headers, is after its schema and has
///   no member that the schema does not know;
/// * right requests are not refused, and wrong ones are 422 with the place that is wrong named;
/// * bodies that are no JSON are 400, of another type 415, too large 413;
/// * other methods are 405 with the right `Allow`, and `HEAD` is as `GET`;
/// * who has no credentials is refused before the body is read;
/// * ids that are not there are 404; what is made is found, changed, removed and then gone;
/// * pages have as many items as were asked for, and say rightly whether there is another.
///
/// Rules that only the application knows are no faults: a request that satisfies the schemas may
/// be answered by 401, 403, 404, 409, by 422 where a hook returns [`Error::invalid`](resourceful::Error),
/// and by 429. A 422 of the library's own reader is a fault: its rules and the schema disagree.
/// A 429 ends nothing and proves nothing, so raise limits on requests for this test.
///
/// Members that refer to other items (`author_id`) get ids from the application's lists once a
/// hook has refused others.
/// All requests are the same in each run, unless the [seed](Conformance::seed) is another.
///
/// Make the application as for any test, with a database of its own. Operations of an item
/// (`/posts/{id}`) need one: it is created, or taken from the list; without either the id 1 is tried,
/// or the examples of the parameter. Where no schema can say what a value must be, give it a
/// `format` of its own and examples, which are then used alone. What waits for others takes no time
/// under `#[tokio::test(start_paused = true)]`.
///
/// # Panics
/// When `.await`ed: with all findings. When the application does not
/// [build](App::build).
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_testing::conformance;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Tag { id: i64, name: String }
///
/// struct Tags;
///
/// #[resource]
/// impl AsyncResource for Tags {
///     type Access = Public;
///
///     async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<Tag>> {
///         Ok(Page::all(vec![Tag { id: 1, name: "rust".into() }]))
///     }
///
///     async fn retrieve(&self, _: &Request, id: i64) -> Result<Tag> {
///         if id == 1 { Ok(Tag { id, name: "rust".into() }) } else { Err(Error::not_found("Tag not found")) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// conformance(App::new().resource("/tags", Tags)).await;
/// # }
/// ```
pub fn conformance(app: App) -> Conformance {
    let document = document(&app);
    conformance_with(app, &document)
}

/// The same with a document that is not the application's own.
#[doc(hidden)]
pub fn conformance_with(app: App, document: &Value) -> Conformance {
    Conformance {
        app,
        document: Document::read(document),
        headers: Vec::new(),
        cases: 64,
        seed: 0,
        skipped: HashSet::new(),
    }
}

fn document(app: &App) -> Value {
    let document = app.openapi().unwrap_or_else(|errors| panic!("{errors}"));
    document.as_value().clone()
}

/// A test of an application after its document: see [`conformance`].
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_testing::conformance;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// conformance(App::new()).header("authorization", "Bearer s3cret").cases(256).await;
/// # }
/// ```
#[must_use = "nothing is tested before it is awaited"]
pub struct Conformance {
    app: App,
    document: Document,
    headers: Vec<(String, String)>,
    cases: u64,
    seed: u64,
    skipped: HashSet<String>,
}

impl Conformance {
    /// A header field of all requests but those that must be refused without: credentials.
    ///
    /// # Panics
    /// When the name or the value is none.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::conformance;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// conformance(App::new()).header("authorization", "Bearer s3cret").await;
    /// # }
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        HeaderName::try_from(name).expect("the name of a header field");
        HeaderValue::try_from(value).expect("the value of a header field");
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How many right bodies are generated per operation, 64 if nothing is said. Each rule is
    /// broken once in any case.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::conformance;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// conformance(App::new()).cases(1000).await;
    /// # }
    /// ```
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = cases.into();
        self
    }

    /// Other requests than those of the seed 0.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::conformance;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// conformance(App::new()).seed(7).await;
    /// # }
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Leaves an operation out, by its method and path or its `operationId`. It is not called at
    /// all, not even to make items for others.
    ///
    /// # Panics
    /// When there is none of this name; the text lists those that there are.
    ///
    /// # Examples
    /// ```should_panic
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::conformance;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// conformance(App::new()).skip("POST /webhooks/github/").await; // not there
    /// # }
    /// ```
    #[track_caller]
    pub fn skip(mut self, operation: &str) -> Self {
        let mut operations = self.document.operations.iter();
        match operations.find(|known| known.is_called(operation)) {
            Some(known) => self.skipped.insert(known.name.clone()),
            None => panic!("no operation is called `{operation}`, but {}", self.names()),
        };
        self
    }

    fn names(&self) -> String {
        let names = self
            .document
            .operations
            .iter()
            .map(|one| format!("`{}`", one.name));
        let names: Vec<_> = names.collect();
        match names.as_slice() {
            [] => "there are none".to_owned(),
            names => names.join(", "),
        }
    }

    /// What is wrong, for those who want to look at it themselves.
    ///
    /// # Panics
    /// When the application does not [build](App::build).
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::conformance;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(conformance(App::new()).findings().await, []);
    /// # }
    /// ```
    pub async fn findings(self) -> Vec<Finding> {
        self.run().await.0
    }

    /// The findings, and how many requests it took.
    async fn run(self) -> (Vec<Finding>, u64) {
        let client = TestClient::new(self.app).unwrap_or_else(|errors| panic!("{errors}"));
        let session = Session {
            document: self.document,
            client,
            headers: self.headers,
            cases: self.cases,
            seed: self.seed,
            skipped: self.skipped,
            findings: RefCell::new(Findings::default()),
            requests: Cell::new(0),
            made: Cell::new(0),
            fresh: Cell::new(0),
            succeeded: RefCell::default(),
            refused: RefCell::default(),
            is_limited: Cell::new(false),
            references: RefCell::default(),
            ids: RefCell::default(),
            config: Session::config(),
        };
        check(&session).await;
        (
            session.findings.into_inner().into_vec(),
            session.requests.get(),
        )
    }
}

/// Operation by operation; the lives come last, since things die in them.
async fn check(session: &Session) {
    let mut paths = BTreeSet::new();
    session.learn_references().await;
    for operation in session.operations() {
        let target = session.target(&operation.path).await;
        if operation.is_of_item() && !target.is_there && !session.is_limited.get() {
            let message = "there is no item to test this with: \
                           create one in the application, or give the parameter an example";
            session.add(operation, Complaint::new("no-item", "", message), None);
        }
        if paths.insert(&operation.path) {
            methods::check_others(session, operation, &target).await;
        }
        if operation.is_secured {
            access::check(session, operation, &target).await;
        }
        // What there is of an item is removed in its life.
        if operation.method != Method::DELETE || !operation.is_of_item() {
            requests::check_valid(session, operation, &target).await;
            requests::check_altered(session, operation, &target).await;
            bodies::check(session, operation, &target).await;
        }
        if operation.method == Method::GET {
            methods::check_head(session, operation, &target).await;
            paging::check(session, operation, &target).await;
        }
        requests::check_unknown(session, operation, &target).await;
    }
    for path in paths.into_iter().filter(|path| is_of_one_item(path)) {
        life::check(session, path).await;
    }
    access::check_credentials(session);
}

/// `/posts/{id}/`, but not `/posts/{id}/comments/`.
fn is_of_one_item(path: &str) -> bool {
    last_parameter(path) == Some("id") && path.trim_end_matches('/').ends_with('}')
}

impl IntoFuture for Conformance {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()>>>;

    fn into_future(self) -> Self::IntoFuture {
        let (seed, operations) = (self.seed, self.document.operations.len());
        Box::pin(async move {
            let (findings, requests) = self.run().await;
            let report = Report {
                findings,
                requests,
                operations,
                seed,
            };
            assert!(report.findings.is_empty(), "{report}");
        })
    }
}

struct Report {
    findings: Vec<Finding>,
    requests: u64,
    operations: usize,
    seed: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            findings,
            requests,
            operations,
            seed,
        } = self;
        let count = findings.len();
        write!(
            f,
            "the application is not as its document says \
             (findings: {count}, operations: {operations}, requests: {requests}, seed: {seed})"
        )?;
        findings
            .iter()
            .try_for_each(|finding| write!(f, "\n\n{finding}"))
    }
}

impl fmt::Debug for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations: Vec<_> = self
            .document
            .operations
            .iter()
            .map(|one: &Operation| &one.name)
            .collect();
        f.debug_struct("Conformance")
            .field("operations", &operations)
            .field("cases", &self.cases)
            .field("seed", &self.seed)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}
