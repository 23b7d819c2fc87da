//! Forms: `application/x-www-form-urlencoded` into typed structs.

use http::StatusCode;
use resourceful::prelude::*;
use resourceful::{Form, TestResponse};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Order {
    #[garde(length(chars, min = 1, max = 10))]
    name: String,
    #[garde(range(min = 18))]
    age: Option<u8>,
    #[garde(skip)]
    note: Option<String>,
    #[serde(default)]
    #[garde(inner(range(max = 9)))]
    seats: Vec<u32>,
    #[serde(default)]
    #[garde(skip)]
    newsletter: bool,
}

struct Orders;

#[resource]
impl AsyncResource for Orders {
    type Access = Public;
    const MAX_BODY_SIZE: Option<u64> = Some(64 * 1024);

    async fn create(&self, _: &Request, order: Form<Order>) -> Result<Order> {
        Ok(order.0)
    }

    #[action(POST, "merge")]
    async fn merge(&self, _: &Request, id: i64, order: Form<Order>) -> Result<String> {
        Ok(format!("{id} {}", order.name))
    }
}

fn app() -> App {
    App::new().resource("/orders", Orders)
}

async fn send(body: impl Into<bytes::Bytes>) -> TestResponse {
    let client = TestClient::new(app()).unwrap();
    let request = client.post("/orders").header("content-type", FORM);
    request.body(body.into().to_vec()).await
}

/// The pointers and details of a 422.
async fn errors(body: &str) -> Vec<(String, String)> {
    let response = send(body.to_owned()).await;
    assert_eq!(response.status(), 422, "{body}");
    let problem = response.json();
    let errors = problem["errors"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors
        .map(|error| (text(&error["pointer"]), text(&error["detail"])))
        .collect()
}

fn error(pointer: &str, detail: &str) -> (String, String) {
    (pointer.to_owned(), detail.to_owned())
}

#[tokio::test]
async fn an_html_form_becomes_a_struct() {
    let body =
        "name=J%C3%B6rg+%26+M&age=44&note=a%0D%0Ab&seats=1&seats=2&newsletter=true&submit=Send";
    assert_eq!(
        send(body).await.json(),
        json!({
            "name": "Jörg & M", "age": 44, "note": "a\r\nb", "seats": [1, 2], "newsletter": true,
        })
    );
}

/// Browsers send empty inputs, and no boxes that are not checked.
#[tokio::test]
async fn empty_values_of_options_are_none() {
    let none = json!({"name": "a", "age": null, "note": null, "seats": [], "newsletter": false});
    for body in ["name=a&age=&note=", "name=a", "&&name=a&", "name=a&age"] {
        assert_eq!(send(body).await.json(), none, "{body}");
    }
}

#[tokio::test]
async fn every_wrong_field_is_named_by_its_pointer() {
    assert_eq!(
        errors("age=old&seats=1&seats=x&newsletter=on").await,
        [
            error("#/age", "must be an integer in range"),
            error("#/newsletter", "must be a boolean"),
            error("#/seats/1", "must be an integer in range"),
            error("#/name", "is required"),
        ]
    );
    // Rules, too.
    assert_eq!(
        errors("name=&age=17&seats=1&seats=10").await,
        [
            error("#/age", "lower than 18"),
            error("#/name", "length is lower than 1"),
            error("#/seats/1", "greater than 9"),
        ]
    );
}

#[tokio::test]
async fn a_value_is_given_once() {
    assert_eq!(
        errors("name=a&name=b&age=20&age=21").await,
        [
            error("#/name", "is given more than once"),
            error("#/age", "is given more than once"),
        ]
    );
    // Unknown names are ignored, as in JSON.
    assert_eq!(send("name=a&x=1&x=2").await.status(), 201);
}

#[tokio::test]
async fn texts_must_be_utf_8_without_nul() {
    assert_eq!(errors("name=a%FF").await, [error("#/name", "is not UTF-8")]);
    assert_eq!(
        errors("name=a%00").await,
        [error("#/name", "must not contain U+0000")]
    );
    assert_eq!(send(&b"name=a\xFF"[..]).await.status(), 400);
    // A percent sign without two digits is itself (WHATWG URL section 1.3).
    assert_eq!(send("name=100%").await.json()["name"], "100%");
}

#[tokio::test]
async fn another_media_type_is_415_with_the_type_that_is_taken() {
    let client = TestClient::new(app()).unwrap();
    for media_type in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=latin1",
    ] {
        let request = client.post("/orders").header("content-type", media_type);
        let response = request.body("name=a").await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(response.headers()["accept-post"], FORM);
        assert_eq!(
            response.json()["detail"],
            "The body must be application/x-www-form-urlencoded in UTF-8."
        );
    }
    let utf8 = format!("{FORM}; charset=UTF-8");
    let request = client.post("/orders").header("content-type", &utf8);
    assert_eq!(request.body("name=a").await.status(), 201);
    // JSON takes no forms.
    let json = TestClient::new(crate::fixture::app()).unwrap();
    let request = json.post("/posts").header("content-type", FORM);
    assert_eq!(request.body("title=a").await.status(), 415);
}

#[tokio::test]
async fn size_and_number_of_fields_are_limited() {
    let long = format!("name={}", "a".repeat(64 * 1024));
    assert_eq!(send(long).await.status(), 413);
    let many = format!("name=a{}", "&b".repeat(1000));
    assert_eq!(send(many).await.status(), 400);
    let most = format!("name=a{}", "&seats=1".repeat(999));
    assert_eq!(send(most).await.status(), 201);
    // One response has 100 errors at most, and finding them costs a bounded time.
    let wrong = format!("name=a{}", "&seats=x".repeat(999));
    let response = send(wrong).await;
    assert_eq!(response.status(), 422);
    assert!(response.json()["errors"].as_array().unwrap().len() <= 100);
}

#[tokio::test]
async fn an_action_takes_a_form() {
    let client = TestClient::new(app()).unwrap();
    let request = client.post("/orders/7/merge").header("content-type", FORM);
    assert_eq!(request.body("name=a").await.text(), r#""7 a""#);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Grant {
    AuthorizationCode,
    ClientCredentials,
}

/// RFC 6749 sections 4.1.3 and 4.4.2.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[expect(dead_code, reason = "only `Debug` reads it")]
struct TokenRequest {
    grant_type: Grant,
    code: Option<String>,
    redirect_uri: Option<String>,
    scope: Option<String>,
}

#[tokio::test]
async fn an_oauth_token_request_is_read() {
    async fn token(mut request: Request) -> Result<String> {
        let token: TokenRequest = request.form().await?;
        Ok(format!("{token:?}"))
    }
    let client = TestClient::new(App::new().post("/token", public(token))).unwrap();
    let send = async |body: &'static str| {
        let request = client.post("/token").header("content-type", FORM);
        request.body(body).await
    };
    // The example of section 4.1.3.
    let code = send(
        "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA\
         &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb",
    )
    .await;
    assert_eq!(
        code.text(),
        "TokenRequest { grant_type: AuthorizationCode, code: Some(\"SplxlOBeZQQYbYS6WxSbIA\"), \
         redirect_uri: Some(\"https://client.example.com/cb\"), scope: None }"
    );
    let client_credentials = send("grant_type=client_credentials&scope=read+write").await;
    assert!(
        client_credentials
            .text()
            .contains("scope: Some(\"read write\")")
    );
    let unknown = send("grant_type=magic").await;
    assert_eq!(unknown.status(), 422);
    assert_eq!(unknown.json()["errors"][0]["pointer"], "#/grant_type");
    // Section 3.2: parameters must not be included more than once.
    let twice = send("grant_type=client_credentials&scope=a&scope=b").await;
    assert_eq!(twice.json()["errors"][0]["pointer"], "#/scope");
}

/// A slash command, as in Slack's documentation.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[expect(dead_code, reason = "only `Debug` reads it")]
struct SlashCommand {
    team_id: String,
    command: String,
    text: String,
    response_url: String,
    enterprise_id: Option<String>,
}

#[tokio::test]
async fn a_slack_command_is_read() {
    async fn command(mut request: Request) -> Result<String> {
        let command: SlashCommand = request.form().await?;
        Ok(format!("{command:?}"))
    }
    let client = TestClient::new(App::new().post("/slack", public(command))).unwrap();
    let request = client.post("/slack").header("content-type", FORM);
    let response = request
        .body(
            "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T0001&team_domain=example&enterprise_id=\
             &enterprise_name=Globular%20Construct%20Inc&channel_id=C2147483705&channel_name=test\
             &user_id=U2147483697&user_name=Steve&command=/weather&text=94070\
             &response_url=https://hooks.slack.com/commands/1234/5678\
             &trigger_id=13345224609.738474920.8088930838d88f008e0&api_app_id=A123456",
        )
        .await;
    assert_eq!(
        response.text(),
        "SlashCommand { team_id: \"T0001\", command: \"/weather\", text: \"94070\", \
         response_url: \"https://hooks.slack.com/commands/1234/5678\", enterprise_id: None }"
    );
}

#[test]
fn the_document_has_the_media_type_and_the_schema() {
    let document = app().openapi().unwrap();
    let operation = &document.as_value()["paths"]["/orders"]["post"];
    assert_eq!(
        operation["requestBody"],
        json!({
            "required": true,
            "x-max-bytes": 65536,
            "content": {FORM: {"schema": {"$ref": "#/components/schemas/OrderInput"}}},
        })
    );
    for status in ["400", "413", "415", "422"] {
        assert!(operation["responses"].get(status).is_some(), "{status}");
    }
}

/// Forms are not generated; everything else of the operation is tested.
#[tokio::test]
async fn an_operation_with_a_form_conforms() {
    let conformance = resourceful_testing::conformance(app());
    conformance.skip("POST /orders/{id}/merge").await; // there is no item
}
