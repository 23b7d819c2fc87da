//! A client walks the pages of a list: by number, by offset, by cursor.

use std::borrow::Cow;
use std::sync::Mutex;
use std::time::Duration;

use http::StatusCode;
use resourceful::prelude::*;
use resourceful::{NextPage, Parameter, Query, QueryString};
use resourceful_client::{Client, ResourceClient, ResourceError};

/// Numbers up to this one are in the list.
const COUNT: u64 = 7;

/// Numbers in pages of the style `P`.
struct Numbers<P> {
    /// The page, counted from 0, that fails once.
    fails_at: Mutex<Option<u64>>,
    style: std::marker::PhantomData<fn() -> P>,
}

impl<P> Numbers<P> {
    fn failing_at(page: Option<u64>) -> Self {
        Self {
            fails_at: Mutex::new(page),
            style: std::marker::PhantomData,
        }
    }
}

trait Style: Query + 'static {
    /// Number of the page, counted from 0.
    fn index(&self) -> u64;
    fn page(&self, all: &[u64]) -> Page<u64>;
}

impl Style for PageNumber<3, 3> {
    fn index(&self) -> u64 {
        self.number() - 1
    }

    fn page(&self, all: &[u64]) -> Page<u64> {
        self.slice(all)
    }
}

impl Style for LimitOffset<3, 3> {
    fn index(&self) -> u64 {
        self.offset() / self.limit()
    }

    fn page(&self, all: &[u64]) -> Page<u64> {
        self.slice(all)
    }
}

/// Three numbers after a number; the cursor has characters that a query encodes.
#[derive(Clone, Debug, Serialize)]
struct After {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl After {
    const FIRST: Self = Self { cursor: None };

    fn last(&self) -> u64 {
        let cursor = self
            .cursor
            .as_deref()
            .map(|cursor| cursor.strip_prefix("&=é >"));
        cursor.map_or(0, |number| number.unwrap().parse().unwrap())
    }
}

impl Query for After {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        let cursor = query.last("cursor").map_err(|error| vec![error])?;
        Ok(Self {
            cursor: cursor.map(Cow::into_owned),
        })
    }

    fn parameters() -> Vec<Parameter> {
        vec![Parameter::query::<String>("cursor")]
    }
}

impl NextPage for After {
    fn next_page<T>(&self, page: &Page<T>) -> Option<Self> {
        let cursor = page.next()?.to_owned();
        Some(Self {
            cursor: Some(cursor),
        })
    }
}

impl Style for After {
    fn index(&self) -> u64 {
        self.last() / 3
    }

    fn page(&self, all: &[u64]) -> Page<u64> {
        let rest = all.iter().filter(|number| **number > self.last());
        let items: Vec<_> = rest.copied().take(3).collect();
        let last = items.last().filter(|last| **last < COUNT);
        let next = last.map(|last| format!("&=é >{last}"));
        Page::with_next(items, 3, next)
    }
}

#[resource]
impl<P: Style> AsyncResource for Numbers<P> {
    const NAME: &'static str = "numbers";
    type Access = Public;

    async fn list(&self, _: &Request, style: P) -> Result<Page<u64>> {
        let mut fails_at = self.fails_at.lock().unwrap();
        if *fails_at == Some(style.index()) {
            *fails_at = None;
            return Err(Error::unavailable(Duration::ZERO));
        }
        let all: Vec<_> = (1..=COUNT).collect();
        Ok(style.page(&all))
    }
}

/// A client without retries of a server whose page fails once.
async fn numbers<P: Style>(fails_at: Option<u64>) -> ResourceClient<Numbers<P>> {
    let app = App::new().resource("/numbers", Numbers::<P>::failing_at(fails_at));
    let server = app.bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", server.local_addr());
    tokio::spawn(server.run());
    let client = Client::builder(&origin).retries(0).build().unwrap();
    ResourceClient::with_client(client, "/numbers").unwrap()
}

/// The items of all pages, with the statuses of those that failed.
async fn walk<P>(numbers: &ResourceClient<Numbers<P>>, first: P) -> (Vec<Vec<u64>>, Vec<StatusCode>)
where
    P: Style + NextPage + Serialize,
{
    let (mut pages, mut failures) = (Vec::new(), Vec::new());
    let mut walk = numbers.pages(first);
    loop {
        match walk.next().await {
            Ok(Some(page)) => pages.push(page.into_items()),
            Ok(None) => break,
            Err(error) => failures.push(error.status().unwrap()),
        }
    }
    let after_the_end: Result<_, ResourceError> = walk.next().await;
    assert!(after_the_end.unwrap().is_none());
    (pages, failures)
}

async fn assert_walked<P>(first: P)
where
    P: Style + NextPage + Serialize + Clone,
{
    let all = [vec![1, 2, 3], vec![4, 5, 6], vec![7]];
    let (pages, failures) = walk(&numbers::<P>(None).await, first.clone()).await;
    assert_eq!(pages, all);
    assert!(failures.is_empty());
    for page in 0..3 {
        let (pages, failures) = walk(&numbers::<P>(Some(page)).await, first.clone()).await;
        assert_eq!(pages, all, "after a failure of page {page}");
        assert_eq!(failures, [StatusCode::SERVICE_UNAVAILABLE]);
    }
}

#[tokio::test]
async fn pages_by_number_are_walked_past_a_failure() {
    assert_walked(PageNumber::<3, 3>::FIRST).await;
}

#[tokio::test]
async fn pages_by_offset_are_walked_past_a_failure() {
    assert_walked(LimitOffset::<3, 3>::FIRST).await;
}

#[tokio::test]
async fn pages_by_cursor_are_walked_past_a_failure() {
    assert_walked(After::FIRST).await;
}

#[tokio::test]
async fn a_walk_begins_at_the_page_of_its_query() {
    let numbers = numbers::<PageNumber<3, 3>>(None).await;
    let (pages, _) = walk(&numbers, PageNumber::at(2, 2)).await;
    assert_eq!(pages, [vec![3, 4], vec![5, 6], vec![7]]);
}
