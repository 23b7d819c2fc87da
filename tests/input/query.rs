use resourceful::prelude::*;

use super::{places, wrong};
use crate::fixture::client;

#[tokio::test]
async fn pages_are_counted_from_one() {
    let page = client().get("/posts?page=3&limit=10").await.json();
    assert_eq!(page["posts"].as_array().unwrap().len(), 5);
    assert_eq!(page["posts"][0]["id"], 21);
    let expected = serde_json::json!({"page": 3, "limit": 10, "total": 25, "has_next": false});
    assert_eq!(page["pagination"], expected);
    assert_eq!(
        client().get("/posts").await.json()["pagination"]["has_next"],
        true
    );
}

#[tokio::test]
async fn a_page_past_the_end_is_empty() {
    let page = client().get("/posts?page=1000000").await.json();
    assert_eq!(page["posts"], serde_json::json!([]));
    assert_eq!(page["pagination"]["has_next"], false);
}

#[tokio::test]
async fn all_invalid_parameters_are_named() {
    let response = client().get("/posts?page=0&limit=101&other=x").await;
    let expected = [
        ("page".to_owned(), "must be at least 1".to_owned()),
        ("limit".to_owned(), "must be at most 100".to_owned()),
    ];
    assert_eq!(wrong(&response), expected);
    assert_eq!(response.json()["errors"][0]["in"], "query");
    assert_eq!(
        places(&client().get("/posts?page=%FF&limit=%2B1").await),
        ["limit", "page"]
    );
    assert_eq!(
        places(&client().get("/posts?page=18446744073709551616").await),
        ["page"]
    );
}

#[tokio::test]
async fn the_last_of_a_repeated_parameter_counts() {
    let page = client().get("/posts?page=x&page=2").await.json();
    assert_eq!(page["pagination"]["page"], 2);
    assert_eq!(get("published=true&name=%FF&name=a").await.status(), 200);
}

#[tokio::test]
async fn the_same_error_is_named_once() {
    for query in [
        "name=%FF&name=%FE",
        "tag=%00&tag=%00",
        "tag=%FF&tag=a&tag=%FF",
    ] {
        let response = get(&format!("published=true&{query}")).await;
        assert_eq!(wrong(&response).len(), 1, "{query}");
    }
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[allow(dead_code)] // read by `Debug`
struct Filter {
    #[garde(length(max = 3))]
    name: Option<String>,
    #[garde(range(min = 1))]
    author: Option<i64>,
    #[garde(skip)]
    order: Option<Order>,
    #[serde(default)]
    #[garde(length(max = 2))]
    tag: Vec<String>,
    #[garde(skip)]
    published: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Order {
    Title,
    CreatedAt,
}

async fn filter(request: Request) -> Result<String> {
    let Filtered { filter, paging } = request.query::<Filtered<Filter, PageNumber>>()?;
    Ok(format!("{filter:?} {}", paging.number()))
}

async fn get(query: &str) -> resourceful::TestResponse {
    let client = TestClient::new(App::new().get("/", public(filter))).unwrap();
    client.get(&format!("/?{query}")).await
}

#[tokio::test]
async fn a_filter_and_a_page_are_read_from_one_query() {
    let text = get("author=7&order=created_at&tag=a&tag=b&published=true&page=2&unknown=1").await;
    assert_eq!(
        text.text(),
        "Filter { name: None, author: Some(7), order: Some(CreatedAt), tag: [\"a\", \"b\"], published: true } 2"
    );
}

#[tokio::test]
async fn all_errors_of_filter_and_page_are_named_together() {
    let response =
        get("name=long&author=0&order=secret&tag=1&tag=2&tag=3&published=perhaps&page=x").await;
    assert_eq!(
        places(&response),
        ["author", "name", "order", "page", "published", "tag"]
    );
    assert_eq!(
        places(&get("author=x&name=%00%FF").await),
        ["author", "name", "published"]
    );
}

#[tokio::test]
async fn errors_of_parameters_are_plain() {
    let faults = wrong(&get("author=x&order=secret&published=perhaps").await);
    let expected = [
        ("author", "must be an integer in range"),
        ("order", "must be \"title\" or \"created_at\""),
        ("published", "must be a boolean"),
    ];
    let mut faults: Vec<_> = faults
        .iter()
        .map(|(name, detail)| (&**name, &**detail))
        .collect();
    faults.sort_unstable();
    assert_eq!(faults, expected);
}

#[tokio::test]
async fn a_number_is_finite() {
    #[derive(Deserialize, JsonSchema, Validate)]
    struct Price {
        #[garde(range(min = 0.0, max = 10.0))]
        price: f64,
    }

    async fn price(request: Request) -> Result<String> {
        Ok(request.query::<Price>()?.price.to_string())
    }

    let client = TestClient::new(App::new().get("/", public(price))).unwrap();
    assert_eq!(client.get("/?price=2.5").await.text(), "2.5");
    for wrong in ["NaN", "inf", "-infinity", "1e999"] {
        assert_eq!(
            client.get(&format!("/?price={wrong}")).await.status(),
            422,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn too_many_parameters_are_400() {
    assert_eq!(get(&"a=1&".repeat(1001)).await.status(), 400);
}

/// serde buffers flattened structs before it knows their types; the schema has them.
#[tokio::test]
async fn flattened_structs_are_read_by_their_schema() {
    #[derive(Deserialize, JsonSchema, Validate)]
    struct Part {
        #[garde(range(min = 1))]
        page: Option<u32>,
        #[serde(default)]
        #[garde(skip)]
        exact: bool,
        #[serde(default)]
        #[garde(skip)]
        sizes: Vec<i64>,
        #[garde(skip)]
        name: Option<String>,
        #[garde(skip)]
        ratio: Option<f64>,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    struct Search {
        #[garde(range(max = 100))]
        limit: Option<u32>,
        #[serde(flatten)]
        #[garde(dive)]
        part: Part,
    }

    async fn search(request: Request) -> Result<String> {
        let Search { limit, part } = request.query()?;
        let Part {
            page,
            exact,
            sizes,
            name,
            ratio,
        } = part;
        Ok(format!(
            "{limit:?} {page:?} {exact} {sizes:?} {name:?} {ratio:?}"
        ))
    }

    let client = TestClient::new(App::new().get("/", public(search))).unwrap();
    let response = client.get("/?page=1").await;
    assert_eq!(response.text(), "None Some(1) false [] None None");
    let all = "/?limit=5&page=2&exact=true&sizes=3&sizes=4&name=7&ratio=1.5";
    let expected = r#"Some(5) Some(2) true [3, 4] Some("7") Some(1.5)"#;
    assert_eq!(client.get(all).await.text(), expected);
    for (query, names) in [
        ("page=x", vec!["page"]),
        ("page=0", vec!["page"]),
        ("limit=101&page=0", vec!["limit", "page"]),
        (
            "exact=maybe&sizes=x&limit=x",
            vec!["exact", "limit", "sizes"],
        ),
    ] {
        let response = client.get(&format!("/?{query}")).await;
        assert_eq!(places(&response), names, "{query}");
    }
}
