//! An order, and the work after it.

use serde_json::json;

use crate::programs::Shop;

#[test]
fn an_order_has_its_effects_after_the_answer() {
    for shop in Shop::both() {
        let example = shop.start_at("127.0.0.1:0");
        let order = |product_id: i64, email: &str| {
            let body = json!({"product_id": product_id, "email": email}).to_string();
            example.send("POST", "/orders", &body)
        };
        assert_eq!(order(1, "ada@example.org").status, 201);
        assert_eq!(order(2, "ada@example.org").status, 409, "sold out");
        assert_eq!(order(3, "ada@example.org").status, 409);
        assert_eq!(order(1, "nobody").status, 422);
        assert_eq!(shop.wait_until_done(&example), 1);
        assert!(example.stop("-TERM").1);
        // Nothing was left for the next one.
        let next = shop.start_at("127.0.0.1:0");
        assert_eq!(shop.wait_until_done(&next), 1);
        assert!(next.stop("-INT").1);
    }
}
