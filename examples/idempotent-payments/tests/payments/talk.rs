use resourceful_test_parts::{HttpResponse, send_request};
use serde_json::{Value, json};

use crate::database::Database;

#[test]
fn a_payment_that_is_sent_again_has_its_effect_once() {
    for database in Database::both() {
        let example = database.start_at("127.0.0.1:0");
        let send = |path: &str, customer: &str, key: &str, body: Value| -> HttpResponse {
            let fields = format!(
                "Content-Type: application/json\r\nX-Customer: {customer}\r\nIdempotency-Key: {key}\r\n"
            );
            send_request(&example.address, "POST", path, &fields, &body.to_string())
        };
        let pay = |key: &str, amount: i64| {
            let body = json!({"from_account": 1, "to_account": 2, "amount": amount});
            send("/payments", "ada", key, body)
        };
        let balance = |customer: &str| {
            let fields = format!("X-Customer: {customer}\r\n");
            let accounts = send_request(&example.address, "GET", "/accounts", &fields, "").body;
            let accounts: Value = serde_json::from_str(&accounts).unwrap();
            accounts["accounts"][0]["balance"].as_i64().unwrap()
        };
        let first = pay("order-7", 250);
        assert_eq!(first.status, 201, "{}", first.body);
        let again = pay("order-7", 250);
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert!(again.head.contains("idempotency-replayed: true"));
        assert_eq!(pay("order-7", 999).status, 422);
        assert_eq!((balance("ada"), balance("bob")), (999_750, 1_000_250));

        // Of money that is not there nothing is moved, also if it is there later.
        let too_much = json!({"from_account": 2, "to_account": 1, "amount": 100_000});
        assert_eq!(
            send("/payments", "ada", "order-8", too_much.clone()).status,
            409
        );
        let again = send("/payments", "ada", "order-8", too_much);
        assert!(again.head.contains("idempotency-replayed: true"));
        assert_eq!((balance("ada"), balance("bob")), (999_750, 1_000_250));

        for _ in 0..2 {
            let deposit = send(
                "/accounts/1/deposit",
                "ada",
                "cash-1",
                json!({"amount": 100}),
            );
            assert_eq!(deposit.body, r#"{"id":1,"balance":999850}"#);
        }
        // Another process on the same database knows the keys.
        let other = database.start_at("127.0.0.1:0");
        let fields =
            "Content-Type: application/json\r\nX-Customer: ada\r\nIdempotency-Key: cash-1\r\n";
        let deposit = send_request(
            &other.address,
            "POST",
            "/accounts/1/deposit",
            fields,
            r#"{"amount":100}"#,
        );
        assert!(deposit.head.contains("idempotency-replayed: true"));
        assert!(other.stop("-INT").1);
        assert!(example.stop("-INT").1);
    }
}
