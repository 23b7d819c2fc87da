//! Pages of a list: the `Link` to the next one, and pages that are not counted.

use resourceful::prelude::*;
use resourceful::{Parameter, Query, QueryString};

/// The last word before a page.
struct After(Option<String>);

impl Query for After {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        let cursor = query.last("cursor").map_err(|error| vec![error])?;
        Ok(Self(cursor.map(std::borrow::Cow::into_owned)))
    }

    fn parameters() -> Vec<Parameter> {
        vec![Parameter::query::<String>("cursor")]
    }
}

/// Each word is the cursor of the page after it.
const WORDS: [&str; 5] = ["a&b=c", "d>; rel=\"prev\"", "é \n", "50%+1", "last"];

struct Words;

#[resource]
impl AsyncResource for Words {
    const NAME: &'static str = "words";
    type Access = Public;

    async fn list(&self, _: &Request, After(cursor): After) -> Result<Page<String>> {
        let before = cursor.map(|cursor| WORDS.iter().position(|word| *word == cursor));
        let index = match before {
            None => 0,
            Some(Some(index)) => index + 1,
            Some(None) => {
                let unknown = FieldError::query("cursor", "is not a word");
                return Err(Error::invalid([unknown]));
            }
        };
        let word = WORDS[index].to_owned();
        let next = (index + 1 < WORDS.len()).then(|| word.clone());
        Ok(Page::with_next(vec![word], 1, next))
    }
}

fn words() -> App {
    App::new().resource("/wo%20rds", Words)
}

/// The target of the `Link`, if there is one.
async fn next_of(client: &TestClient, path: &str) -> Option<String> {
    let response = client.get(path).await;
    assert_eq!(response.status(), 200, "{path}: {}", response.text());
    let link = response.headers().get("link")?.to_str().unwrap();
    let target = link.strip_prefix('<').unwrap();
    let (target, rest) = target.split_once('>').unwrap();
    assert_eq!(rest, "; rel=\"next\"");
    Some(target.to_owned())
}

async fn next(app: App, path: &str) -> String {
    let client = TestClient::new(app).unwrap();
    next_of(&client, path).await.unwrap()
}

#[tokio::test]
async fn links_lead_from_the_first_page_to_the_last() {
    let client = TestClient::new(words()).unwrap();
    let (mut path, mut seen) = ("/wo%20rds?order=x".to_owned(), Vec::new());
    loop {
        let page = client.get(&path).await.json();
        seen.push(page["words"][0].as_str().unwrap().to_owned());
        let Some(next) = next_of(&client, &path).await else {
            assert_eq!(page["pagination"]["next"], serde_json::Value::Null);
            break;
        };
        assert_eq!(page["pagination"]["next"], *seen.last().unwrap());
        assert!(next.starts_with("/wo%20rds?order=x&cursor="), "{next}");
        path = next;
    }
    assert_eq!(seen, WORDS);
}

#[tokio::test]
async fn a_link_has_the_prefix_that_the_client_sees() {
    let cursor = "?cursor=a%26b%3Dc";
    let nested = App::new().nest("/v1", App::new().nest("/{team}", words()));
    let path = "/v1/a%2Fb/wo%20rds";
    assert_eq!(next(nested, path).await, format!("{path}{cursor}"));

    let inner = public(words().build().unwrap());
    let mounted = App::new().mount("/api", inner);
    let path = "/api/wo%20rds";
    assert_eq!(next(mounted, path).await, format!("{path}{cursor}"));

    let behind_proxy = words().root_path("/shop");
    let expected = format!("/shop/wo%20rds{cursor}");
    assert_eq!(next(behind_proxy, "/wo%20rds").await, expected);
}

#[tokio::test]
async fn a_link_keeps_the_other_parameters_as_they_were_sent() {
    for (query, kept) in [
        ("", ""),
        ("q=%C3%A9+%26x&tag=a&tag=b", "q=%C3%A9+%26x&tag=a&tag=b&"),
        ("&&q&", "q&"),
        ("cursors=1&my_cursor=2", "cursors=1&my_cursor=2&"),
    ] {
        let path = format!("/wo%20rds?{query}");
        let expected = format!("/wo%20rds?{kept}cursor=a%26b%3Dc");
        assert_eq!(next(words(), &path).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_link_replaces_every_cursor() {
    let path = "/wo%20rds?cursor=last&q=1&cursor=a%26b%3Dc";
    let expected = "/wo%20rds?q=1&cursor=d%3E%3B%20rel%3D%22prev%22";
    assert_eq!(next(words(), path).await, expected);
}

struct Parts;

#[resource]
impl AsyncResource for Parts {
    const NAME: &'static str = "parts";
    type Access = Public;

    async fn list(&self, request: &Request, page: PageNumber<2, 5>) -> Result<Page<u64>> {
        let total = (request.path() == "/counted").then_some(7);
        let first = page.offset();
        let items = (first..first + page.limit()).collect();
        Ok(page.part(items, total, page.number() < 3))
    }
}

#[tokio::test]
async fn a_part_says_whether_more_follows_and_has_a_total_only_if_counted() {
    let app = App::new()
        .resource("/counted", Parts)
        .resource("/uncounted", Parts);
    let client = TestClient::new(app).unwrap();
    for (path, expected) in [
        (
            "/counted?page=2",
            r#"{"parts":[2,3],"pagination":{"page":2,"limit":2,"total":7,"has_next":true}}"#,
        ),
        (
            "/uncounted?page=2",
            r#"{"parts":[2,3],"pagination":{"page":2,"limit":2,"has_next":true}}"#,
        ),
        (
            "/uncounted?page=3&limit=1",
            r#"{"parts":[2],"pagination":{"page":3,"limit":1,"has_next":false}}"#,
        ),
    ] {
        let response = client.get(path).await;
        assert_eq!(response.text(), expected, "{path}");
        assert!(!response.headers().contains_key("link"));
    }
    let page = PageNumber::<2, 5>::FIRST.part(vec!["a"], None, true);
    assert_eq!((page.total(), page.has_next()), (None, true));
}
