//! [`conformance`]: tests an application against its own document.
//!
//! [`parse`] reads the document into a [`contract`] of [`operation`]s. For each operation,
//! [`generate`] makes inputs from the schemas, and [`mutator`] changes single values by [`value_mutation`]s.
//! [`run_case`] sends the requests through the [`session`] and shrinks those that fail;
//! [`responses`] and [`expected`] check the responses. [`references`] finds members that refer to
//! other items, and [`third_party`] knows types that accept less than their schemas.
//!
//! [`crud_cycle`] walks through the life of an item; [`taken`] repeats its values; [`two_writers`] update it
//! at the same time, for [`mixed_update`] and [`lost_update`].
//!
//! With two [`callers`], [`foreign_item`], [`foreign_list`] and [`foreign_owner`] try to reach as one what the
//! other has made, and [`mixed_callers`] alternates them.

mod access;
mod all_items;
mod bodies;
mod callers;
mod closed;
mod contract;
mod credentials;
mod crud_cycle;
mod curl_command;
mod exchange;
mod expected;
mod finding;
mod foreign_item;
mod foreign_list;
mod foreign_owner;
mod generate;
mod items;
mod lost_update;
mod methods;
mod mixed_callers;
mod mixed_update;
mod mutation;
mod mutator;
mod normalise;
mod number;
mod operation;
mod paging;
mod parse;
mod references;
mod repeated_key;
mod requests;
mod responses;
mod run_case;
mod schema;
mod session;
mod stale_tag;
mod taken;
mod test_case;
mod text;
mod third_party;
mod two_writers;
mod value_mutation;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;

use http::Method;
use http::header::{HeaderName, HeaderValue};
use serde_json::Value;

use self::callers::Callers;
use self::contract::Contract;
pub use self::credentials::Credentials;
pub use self::finding::Finding;
use self::finding::{Findings, Violation};
use self::items::last_parameter;
use self::session::Session;
use resourceful::App;
use resourceful::TestClient;

/// Tests an application against its own OpenAPI document; `.await` it.
///
/// Requests are generated from the document's schemas and sent through [`TestClient`]: valid ones,
/// up to the edge of every bound, and invalid ones, each with one broken rule. The checks are:
///
/// * no response is a 5xx; each has a documented status, content type and headers, matches its
///   schema and has no member that the schema does not list;
/// * valid requests are accepted; invalid ones get 422 with an error that names the value;
/// * a body that is not JSON gets 400, another content type 415, a too large body 413;
/// * undocumented methods get 405 with the right `Allow`, and `HEAD` equals `GET`;
/// * a request without credentials is refused before its body is read, and a 401 has a challenge;
/// * unknown ids get 404; a created item is found, changed, removed, and then not found;
/// * `taken`: a body that was just accepted is accepted again, or refused with 409 or a 422 that names a field;
///   so is an update of an item to the strings of another one. `taken-at-once`: the same for two such
///   requests at the same time, of which at most one succeeds if such bodies are refused. `left-behind`: a
///   refused request adds nothing to the list, and changes nothing in the item;
/// * two writers update an item at the same time: none gets a 5xx or 404 (`two-writers`); after two `PUT` the item
///   is one of both, not a mixture (`mixed-update`); after two `PATCH` of different members it has both
///   (`lost-update`). A writer may get 409 or 412;
/// * an update whose `If-Match` names an earlier version of the item gets 412 (`stale-tag`);
/// * a request that is sent again with its `Idempotency-Key` gets the first response, and another request with the key
///   gets 422 (`repeated-key`);
/// * pages have the requested number of items, and report rightly whether a next page exists.
///
/// [`as_callers`](Conformance::as_callers) adds checks with two callers: what one makes is not the other's.
///
/// Rules of the application's own are not findings: a valid request may get 401, 403, 404, 409, 429,
/// or a 422 from a hook that returns [`Error::invalid`](resourceful::Error). A 422 from the library
/// before the hook runs is a finding: the rule is missing in the schema. A 429 makes a test case
/// inconclusive, so raise rate limits for this test.
///
/// Members that refer to other items (`author_id`) get ids from the application's lists once a
/// hook has refused other values.
/// Every run sends the same requests, unless you set another [seed](Conformance::seed).
///
/// Build the application as for any test, with a separate database. Operations of an item
/// (`/posts/{id}`) need an item: it is created, or taken from the list. Without either, the id 1
/// or the examples of the parameter are tried. If a schema cannot describe the valid values, give it
/// your own `format` and examples; then only the examples are used. With
/// `#[tokio::test(start_paused = true)]` waiting takes no time.
///
/// # Panics
/// When awaited, with all findings, if there are any. If the application does not
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

/// Like [`conformance`], with another document.
#[doc(hidden)]
pub fn conformance_with(app: App, document: &Value) -> Conformance {
    Conformance {
        app,
        contract: Contract::parse(document),
        headers: Vec::new(),
        credentials: None,
        shared: HashSet::new(),
        unowned: HashSet::new(),
        cases: 64,
        seed: 0,
        skipped: HashSet::new(),
    }
}

fn document(app: &App) -> Value {
    let document = app.openapi().unwrap_or_else(|errors| panic!("{errors}"));
    document.as_value().clone()
}

/// Settings of a conformance test: see [`conformance`].
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
#[must_use = "the test runs when it is awaited"]
pub struct Conformance {
    app: App,
    contract: Contract,
    headers: Vec<(String, String)>,
    credentials: Option<[Credentials; 2]>,
    /// Names of shared operations.
    shared: HashSet<String>,
    /// Paths of items without an owner.
    unowned: HashSet<String>,
    cases: u64,
    seed: u64,
    skipped: HashSet<String>,
}

impl Conformance {
    /// Adds a header field to all requests except those without credentials.
    ///
    /// # Panics
    /// If the name or the value is invalid.
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
        HeaderName::try_from(name).expect("a valid header name");
        HeaderValue::try_from(value).expect("a valid header value");
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Number of valid bodies per operation (default 64). Each rule is broken once in any case.
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

    /// Seed of the generated requests (default 0).
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

    /// Skips an operation, named by its method and path or its `operationId`. It is not called at
    /// all, not even to create items for others.
    ///
    /// # Panics
    /// If no operation has this name; the message lists the names.
    ///
    /// # Examples
    /// ```should_panic
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::conformance;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// conformance(App::new()).skip("POST /webhooks/github/").await; // no such operation
    /// # }
    /// ```
    #[track_caller]
    pub fn skip(mut self, operation: &str) -> Self {
        self.skipped.insert(self.name_of(operation));
        self
    }

    /// Tests with two callers, and proves that what one makes is not the other's.
    ///
    /// All requests of the other checks have the credentials of `alice`. The further checks are:
    ///
    /// * `access`, `bad-credentials`: a request without credentials gets 401 where the document demands
    ///   them, and wrong ones get 401 where it also allows none; both before the body is read, and with
    ///   `WWW-Authenticate` (`challenge`). Wrong credentials are made from those of `alice`.
    /// * `public`: a request without credentials does not get 401 where the document allows it.
    /// * `foreign-item`: `bob`, and a client without credentials, get 404 or 403 from each operation of an item
    ///   that `alice` has created, or has in her list, and from the lists and actions below it. `existence`:
    ///   the response equals that for an id that does not exist, in all bytes.
    /// * `foreign-change`: no such request changes or removes the item.
    /// * `foreign-list`: the lists of `bob` have no item of `alice`, and do not count hers.
    /// * `foreign-owner`: `bob` can neither create nor update an item in the name of `alice`, by writing her
    ///   value into the member that shows the owner.
    /// * `mixed-callers`: responses to alternating callers depend on the caller of the request only, not on
    ///   that of the request before or beside it.
    ///
    /// Both callers have the same rights. Exceptions have names: [`shared`](Self::shared) operations, items
    /// that are [`unowned`](Self::unowned), operations to [`skip`](Self::skip). Items whose creation needs a
    /// body without a JSON schema, and items that are named in a body, are not checked.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::conformance;
    /// use resourceful_testing::Credentials;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let [alice, bob] = ["token-of-alice", "token-of-bob"].map(Credentials::bearer);
    /// conformance(App::new()).as_callers(alice, bob).await;
    /// # }
    /// ```
    pub fn as_callers(mut self, alice: Credentials, bob: Credentials) -> Self {
        self.credentials = Some([alice, bob]);
        self
    }

    /// Lets `bob` of [`as_callers`](Self::as_callers) call an operation for what `alice` makes: everybody may
    /// read a post, and only its author may change it. It must still change nothing.
    ///
    /// The operation is named by its method and path or its `operationId`.
    ///
    /// # Panics
    /// If no operation has this name; the message lists the names.
    ///
    /// # Examples
    /// ```should_panic
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::{Credentials, conformance};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let [alice, bob] = ["token-of-alice", "token-of-bob"].map(Credentials::bearer);
    /// conformance(App::new())
    ///     .as_callers(alice, bob)
    ///     .shared("posts.list") // no such operation
    ///     .shared("posts.retrieve")
    ///     .await;
    /// # }
    /// ```
    #[track_caller]
    pub fn shared(mut self, operation: &str) -> Self {
        self.shared.insert(self.name_of(operation));
        self
    }

    /// Exempts the items at a path of the document from the checks of [`as_callers`](Self::as_callers) for
    /// owners: each caller may change them.
    ///
    /// # Panics
    /// If no operation has this path; the message lists the operations.
    ///
    /// # Examples
    /// ```should_panic
    /// # use resourceful::prelude::*;
    /// # use resourceful_testing::{Credentials, conformance};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let [alice, bob] = ["token-of-alice", "token-of-bob"].map(Credentials::bearer);
    /// conformance(App::new()).as_callers(alice, bob).unowned("/wiki/{id}").await; // no such path
    /// # }
    /// ```
    #[track_caller]
    pub fn unowned(mut self, path: &str) -> Self {
        let mut operations = self.contract.operations.iter();
        let is_known = operations.any(|operation| operation.path == path);
        assert!(
            is_known,
            "no operation has the path `{path}`; the operations are {}",
            self.names()
        );
        self.unowned.insert(path.to_owned());
        self
    }

    #[track_caller]
    fn name_of(&self, operation: &str) -> String {
        let mut operations = self.contract.operations.iter();
        match operations.find(|known| known.is_called(operation)) {
            Some(known) => known.name.clone(),
            None => panic!(
                "no operation is called `{operation}`; the operations are {}",
                self.names()
            ),
        }
    }

    fn names(&self) -> String {
        let names = self
            .contract
            .operations
            .iter()
            .map(|operation| format!("`{}`", operation.name));
        let names: Vec<_> = names.collect();
        match names.as_slice() {
            [] => "none".to_owned(),
            names => names.join(", "),
        }
    }

    /// Runs the test and returns the findings instead of panicking.
    ///
    /// # Panics
    /// If the application does not [build](App::build).
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

    /// Returns the findings and the number of requests.
    async fn run(self) -> (Vec<Finding>, u64) {
        let client = TestClient::new(self.app).unwrap_or_else(|errors| panic!("{errors}"));
        let callers = self.credentials.map(|[alice, bob]| Callers {
            alice,
            bob,
            shared: self.shared,
            unowned: self.unowned,
        });
        let mut headers = self.headers.clone();
        headers.extend(
            callers
                .iter()
                .flat_map(|callers| callers.alice.fields())
                .cloned(),
        );
        let session = Session {
            contract: Rc::new(self.contract),
            client,
            shared_headers: self.headers,
            headers,
            callers,
            cases: self.cases,
            seed: self.seed,
            skipped: self.skipped,
            findings: RefCell::new(Findings::default()),
            requests: Cell::new(0),
            fresh_count: Cell::new(0),
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

/// Checks each operation. The CRUD cycles come last, because they remove items.
async fn check(session: &Session) {
    let mut paths = BTreeSet::new();
    session.learn_references().await;
    for operation in session.operations() {
        let fixture = session.fixture(&operation.path).await;
        if operation.is_of_item() && !fixture.exists && !session.is_limited.get() {
            let message = "no item exists for this test: \
                           create one in the application, or add an example to the parameter";
            session.report(operation, Violation::new("no-item", "", message), None);
        }
        if paths.insert(&operation.path) {
            methods::check_undocumented(session, operation, &fixture).await;
        }
        access::check(session, operation, &fixture).await;
        if operation.needs_other_body() {
            continue;
        }
        // The CRUD cycle tests `DELETE` of an item.
        if operation.method != Method::DELETE || !operation.is_of_item() {
            requests::check_valid(session, operation, &fixture).await;
            requests::check_mutated(session, operation, &fixture).await;
            bodies::check(session, operation, &fixture).await;
        }
        repeated_key::check(session, operation, &fixture).await;
        if operation.method == Method::GET {
            methods::check_head(session, operation, &fixture).await;
            paging::check(session, operation, &fixture).await;
        }
        requests::check_unknown(session, operation, &fixture).await;
    }
    for path in paths.into_iter().filter(|path| is_item_path(path)) {
        crud_cycle::check(session, path).await;
        taken::check(session, path).await;
        mixed_update::check(session, path).await;
        lost_update::check(session, path).await;
        stale_tag::check(session, path).await;
    }
    if let Some(callers) = &session.callers {
        callers.check(session).await;
    }
    access::check_credentials(session);
}

/// `/posts/{id}/`, but not `/posts/{id}/comments/`.
fn is_item_path(path: &str) -> bool {
    last_parameter(path) == Some("id") && path.trim_end_matches('/').ends_with('}')
}

impl IntoFuture for Conformance {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()>>>;

    fn into_future(self) -> Self::IntoFuture {
        let (seed, operations) = (self.seed, self.contract.operations.len());
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
            "the application does not match its document \
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
            .contract
            .operations
            .iter()
            .map(|operation| &operation.name)
            .collect();
        f.debug_struct("Conformance")
            .field("operations", &operations)
            .field("cases", &self.cases)
            .field("seed", &self.seed)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}
