//! `/async-hello/` and `/endpoint/`.

use serde_json::json;

use crate::blog::{Blog, wrong_fields};

crate::on_both_databases! {
    hello_returns_a_greeting,
    a_message_is_processed,
    a_message_is_a_string,
}

async fn hello_returns_a_greeting(blog: Blog) {
    let response = blog.client.get("/async-hello/").await;
    assert_eq!(
        response.json(),
        json!({"message": "Hello from async view!"})
    );
    assert_eq!(blog.client.get("/async%2Dhello/").await.status(), 200);
}

async fn a_message_is_processed(blog: Blog) {
    let post =
        async |body: serde_json::Value| blog.client.post("/endpoint/").json(&body).await.json();
    let expected = json!({"result": "Processed: hi", "status": "success"});
    assert_eq!(post(json!({"message": "hi", "other": 1})).await, expected);
    let expected = json!({"result": "Processed: a\u{0}b", "status": "success"});
    assert_eq!(post(json!({"message": "a\u{0}b"})).await, expected);
    let expected = json!({"result": "Processed: No message", "status": "success"});
    assert_eq!(post(json!({})).await, expected);
}

async fn a_message_is_a_string(blog: Blog) {
    for message in [json!(1), json!(null), json!(["x"]), json!({})] {
        let response = blog
            .client
            .post("/endpoint/")
            .json(&json!({"message": message}))
            .await;
        assert_eq!(wrong_fields(&response), ["message"]);
    }
}
