//! Requests on a socket.

use std::thread;

use serde_json::{Value, json};

use crate::visitor::{Example, Json as _, Visitor};

const BOTH_CHALLENGES: [&str; 2] = [
    "www-authenticate: Cookie cookie-name=\"__Host-session\"",
    "www-authenticate: Bearer realm=\"notes\"",
];

#[test]
fn a_user_signs_up_signs_in_writes_and_signs_out() {
    let example = Example::start();
    let mut ada = example.visitor();
    let credentials = json!({"name": "ada", "password": "analytical engine"});
    let account = json!({"id": 1, "name": "ada", "is_administrator": false, "is_blocked": false});
    assert_eq!(ada.post("/sign-up", &credentials).json(201), account);
    assert_eq!(ada.get("/me").status, 401);

    let signed_in = ada.post("/sign-in", &credentials);
    assert_eq!(signed_in.status, 204);
    let attributes = "; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000\r\n";
    assert!(signed_in.head.contains(attributes), "{}", signed_in.head);
    assert_eq!(ada.get("/me").json(200), account);

    let note = json!({"id": 1, "text": "A first note.", "is_archived": false});
    let written = ada.post("/notes", &json!({"text": "A first note."}));
    assert!(
        written.head.contains("location: /notes/1\r\n"),
        "{}",
        written.head
    );
    assert_eq!(written.json(201), note);
    assert_eq!(ada.get("/notes").json(200)["notes"], json!([note]));
    let changed = ada.send("PUT", "/notes/1", &json!({"text": "Better."}));
    assert_eq!(changed.json(200)["text"], "Better.");
    let archived = json!({"id": 1, "text": "Better.", "is_archived": true});
    assert_eq!(
        ada.post("/notes/1/archive", &Value::Null).json(200),
        archived
    );
    assert_eq!(ada.get("/notes/1").json(200), archived);
    assert_eq!(ada.send("DELETE", "/notes/1", &Value::Null).status, 204);
    assert_eq!(ada.get("/notes/1").status, 404);

    let cookie = ada.cookie.clone();
    let signed_out = ada.post("/sign-out", &Value::Null);
    assert_eq!(signed_out.status, 204);
    assert!(
        signed_out.head.contains("__Host-session=; "),
        "{}",
        signed_out.head
    );
    // The session is gone, whether or not the browser removes the cookie.
    ada.cookie = cookie;
    assert_eq!(ada.get("/me").status, 401);
}

#[test]
fn nobody_is_told_of_both_ways_to_sign_in_before_the_body_is_read() {
    let example = Example::start();
    let mut nobody = example.visitor();
    for (method, path) in [
        ("GET", "/me"),
        ("GET", "/notes"),
        ("POST", "/notes"),
        ("GET", "/notes/1"),
        ("PUT", "/notes/1"),
        ("DELETE", "/notes/1"),
        ("POST", "/notes/1/archive"),
    ] {
        // The body is no note.
        let refused = nobody.send(method, path, &json!([]));
        assert_eq!(refused.status, 401, "{method} {path}");
        for challenge in BOTH_CHALLENGES {
            assert!(
                refused.head.contains(challenge),
                "{method} {path}: {}",
                refused.head
            );
        }
    }
    for (method, path) in [
        ("POST", "/sign-out-everywhere"),
        ("POST", "/password"),
        ("GET", "/keys"),
        ("POST", "/keys"),
        ("POST", "/keys/a/revoke"),
        ("GET", "/users"),
        ("POST", "/users/1/block"),
        ("POST", "/users/1/unblock"),
    ] {
        let refused = nobody.send(method, path, &json!([]));
        assert_eq!(refused.status, 401, "{method} {path}");
        assert!(
            refused.head.contains(BOTH_CHALLENGES[0]),
            "{}",
            refused.head
        );
        assert!(!refused.head.contains("Bearer"), "{}", refused.head);
    }
}

#[test]
fn a_sign_up_lists_each_wrong_field() {
    let example = Example::start();
    example.signed_up("ada");
    let mut other = example.visitor();
    for (name, password, pointer, detail) in [
        ("ada", "another password", "#/name", "is taken"),
        ("Ada", "another password", "#/name", "is taken"),
        ("", "another password", "#/name", "is lower than 1"),
        ("ada lovelace", "another password", "#/name", "alphanumeric"),
        ("bob", "1234567", "#/password", "8 characters"),
    ] {
        let body = json!({"name": name, "password": password});
        let problem = other.post("/sign-up", &body).json(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        let found = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(found.contains(detail), "{problem}");
        assert!(!problem.to_string().contains(password), "{problem}");
    }
}

#[test]
fn one_of_two_sign_ups_at_once_gets_the_name() {
    let example = Example::start();
    let sign_up = || {
        let body = json!({"name": "ada", "password": "analytical engine"});
        example.visitor().post("/sign-up", &body).status
    };
    let mut statuses = thread::scope(|scope| {
        let (first, second) = (scope.spawn(sign_up), scope.spawn(sign_up));
        [first.join().unwrap(), second.join().unwrap()]
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
}

#[test]
fn a_failed_sign_in_does_not_tell_why() {
    let example = Example::start();
    example.signed_up("ada");
    let refusal = |name: &str, password: &str| {
        let body = json!({"name": name, "password": password});
        let refused = example.visitor().post("/sign-in", &body);
        assert_eq!(refused.status, 401);
        assert!(
            refused.head.contains(BOTH_CHALLENGES[0]),
            "{}",
            refused.head
        );
        assert!(!refused.head.contains("set-cookie"), "{}", refused.head);
        refused.body
    };
    let wrong = refusal("ada", "differential engine");
    assert!(
        wrong.contains("The name or the password is wrong."),
        "{wrong}"
    );
    assert_eq!(refusal("nobody", "analytical engine"), wrong);
    assert_eq!(refusal("ada", ""), wrong);
    assert_eq!(refusal("ada", &"x".repeat(256)), wrong);
}

#[test]
fn a_session_id_that_was_fixed_beforehand_is_worth_nothing() {
    let example = Example::start();
    let mut ada = example.signed_up("ada");
    let mallory = example.signed_in("mallory");
    // Both an id of a session that Mallory has, and one that is nobody's.
    let nobodys = "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned();
    for fixed in [mallory.cookie.clone().unwrap(), nobodys] {
        ada.cookie = Some(fixed.clone());
        assert_eq!(ada.sign_in("ada", "analytical engine").status, 204);
        assert_eq!(ada.get("/me").json(200)["name"], "ada");
        assert_ne!(ada.cookie.as_ref(), Some(&fixed));
        let mut attacker = example.visitor();
        attacker.cookie = Some(fixed);
        assert_eq!(attacker.get("/me").status, 401);
    }
}

#[test]
fn sign_out_ends_one_browser_and_sign_out_everywhere_ends_all() {
    let example = Example::start();
    let mut laptop = example.signed_in("ada");
    let mut phone = example.visitor();
    let mut tablet = example.visitor();
    phone.sign_in("ada", "analytical engine");
    tablet.sign_in("ada", "analytical engine");
    let mut bob = example.signed_in("bob");

    assert_eq!(tablet.post("/sign-out", &Value::Null).status, 204);
    assert_eq!(
        (laptop.get("/me").status, phone.get("/me").status),
        (200, 200)
    );

    let cookie = laptop.cookie.clone();
    let ended = laptop.post("/sign-out-everywhere", &Value::Null);
    assert_eq!(ended.status, 204);
    assert!(ended.head.contains("__Host-session=; "), "{}", ended.head);
    laptop.cookie = cookie;
    assert_eq!(
        (laptop.get("/me").status, phone.get("/me").status),
        (401, 401)
    );
    assert_eq!(bob.get("/me").status, 200);
}

#[test]
fn a_new_password_ends_all_other_sessions() {
    let example = Example::start();
    let mut laptop = example.signed_in("ada");
    let mut phone = example.visitor();
    phone.sign_in("ada", "analytical engine");
    let key = laptop.new_key("laptop");
    let old_cookie = laptop.cookie.clone();
    example.sql("CREATE TABLE under_way AS SELECT * FROM auth_session");

    let body = json!({"current": "wrong", "new": "difference engine"});
    let problem = laptop.post("/password", &body).json(422);
    assert_eq!(problem["errors"][0]["pointer"], "#/current");
    assert_eq!(phone.get("/me").status, 200);

    let body = json!({"current": "analytical engine", "new": "difference engine"});
    assert_eq!(laptop.post("/password", &body).status, 204);
    assert_eq!(
        (laptop.get("/me").status, phone.get("/me").status),
        (200, 401)
    );
    assert_ne!(laptop.cookie, old_cookie);
    let mut thief = example.visitor();
    thief.cookie = old_cookie.clone();
    assert_eq!(thief.get("/me").status, 401);
    assert_eq!(example.with_key(&key).get("/me").status, 200);

    let mut other = example.visitor();
    assert_eq!(other.sign_in("ada", "analytical engine").status, 401);
    assert_eq!(other.sign_in("ada", "difference engine").status, 204);

    // The name is the same in capitals, too.
    assert_eq!(other.sign_in("ADA", "difference engine").status, 204);

    // A sign-in with the old password may write its session after the others were deleted.
    example.sql("INSERT OR IGNORE INTO auth_session SELECT * FROM under_way");
    thief.cookie = old_cookie;
    assert_eq!(thief.get("/me").status, 401);
}

#[test]
fn a_machine_has_a_key_until_it_is_revoked() {
    let example = Example::start();
    let mut ada = example.signed_in("ada");
    let issued = ada.post("/keys", &json!({"name": "laptop"})).json(201);
    let (text, id) = (
        issued["text"].as_str().unwrap(),
        issued["id"].as_str().unwrap(),
    );
    assert!(text.starts_with("notes_"), "{issued}");

    let mut machine = example.with_key(text);
    assert_eq!(machine.get("/me").json(200)["name"], "ada");
    assert_eq!(
        machine
            .post("/notes", &json!({"text": "by a machine"}))
            .status,
        201
    );
    assert_eq!(
        ada.get("/notes").json(200)["notes"][0]["text"],
        "by a machine"
    );
    // A stolen key gives no further keys, and no other password.
    assert_eq!(
        machine.post("/keys", &json!({"name": "another"})).status,
        401
    );
    assert_eq!(machine.get("/keys").status, 401);
    let body = json!({"current": "analytical engine", "new": "difference engine"});
    assert_eq!(machine.post("/password", &body).status, 401);

    let keys = ada.get("/keys").json(200)["keys"].clone();
    assert_eq!(
        (keys[0]["id"].as_str(), keys[0]["name"].as_str()),
        (Some(id), Some("laptop"))
    );
    assert!(
        keys[0]["last_used_at"].is_string() && keys[0]["expires_at"].is_string(),
        "{keys}"
    );
    assert!(
        !keys.to_string().contains(text.rsplit('_').next().unwrap()),
        "{keys}"
    );

    let mut bob = example.signed_in("bob");
    let path = format!("/keys/{id}/revoke");
    assert_eq!(bob.get("/keys").json(200)["keys"], json!([]));
    let not_his = bob.post(&path, &Value::Null);
    let missing = bob.post("/keys/unknown/revoke", &Value::Null);
    assert_eq!((not_his.status, &not_his.body), (404, &missing.body));
    assert_eq!(machine.get("/me").status, 200);

    let revoked = ada.post(&path, &Value::Null).json(200);
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    let refused = machine.get("/me");
    assert_eq!(refused.status, 401);
    assert!(
        refused.head.contains("error=\"invalid_token\""),
        "{}",
        refused.head
    );
    assert!(ada.get("/keys").json(200)["keys"][0]["revoked_at"].is_string());
}

#[test]
fn a_note_exists_for_its_owner_only() {
    let example = Example::start();
    let mut alice = example.signed_in("alice");
    let mut bob = example.signed_in("bob");
    assert_eq!(
        alice.post("/notes", &json!({"text": "of Alice"})).status,
        201
    );
    // The owner is the caller, whatever the body says.
    let body = json!({"text": "of Bob", "owner_id": 1, "owner": 1, "id": 1});
    assert_eq!(bob.post("/notes", &body).json(201)["id"], 2);

    let texts = |visitor: &mut Visitor<'_>| visitor.get("/notes").json(200)["notes"].clone();
    assert_eq!(texts(&mut bob)[0]["text"], "of Bob");
    assert_eq!(
        (
            texts(&mut alice).as_array().unwrap().len(),
            texts(&mut bob).as_array().unwrap().len()
        ),
        (1, 1)
    );
    let new = json!({"text": "changed"});
    for (method, path) in [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/archive"),
    ] {
        let of_alice = bob.send(method, &format!("/notes/1{path}"), &new);
        let missing = bob.send(method, &format!("/notes/9{path}"), &new);
        assert_eq!(
            (of_alice.status, &of_alice.body),
            (404, &missing.body),
            "{method} {path}"
        );
    }
    let note = json!({"id": 1, "text": "of Alice", "is_archived": false});
    assert_eq!(alice.get("/notes/1").json(200), note);
}

#[test]
fn an_administrator_blocks_a_user_whose_sessions_and_keys_end_at_once() {
    let example = Example::start();
    let mut ada = example.signed_in("ada");
    let mut bob = example.signed_in("bob");
    let bobs_key = bob.new_key("laptop");
    let mut machine = example.with_key(&bobs_key);
    for path in ["/users/1/block", "/users/1/unblock", "/users/9/block"] {
        assert_eq!(bob.post(path, &Value::Null).status, 403);
    }
    assert_eq!(ada.get("/users").status, 403);

    example.make_administrator("ada");
    let users = ada.get("/users").json(200)["users"].clone();
    assert_eq!(
        (users[0]["name"].as_str(), users[1]["name"].as_str()),
        (Some("ada"), Some("bob"))
    );
    assert!(!users.to_string().contains("argon2"), "{users}");
    let adas_key = ada.new_key("laptop");
    assert_eq!(example.with_key(&adas_key).get("/users").status, 401);

    assert_eq!(
        (bob.get("/me").status, machine.get("/me").status),
        (200, 200)
    );
    let bobs_cookie = bob.cookie.clone();
    assert_eq!(
        ada.post("/users/2/block", &Value::Null).json(200)["is_blocked"],
        true
    );
    assert_eq!(
        (bob.get("/me").status, machine.get("/me").status),
        (401, 401)
    );
    assert_eq!(bob.sign_in("bob", "analytical engine").status, 401);
    assert_eq!(ada.post("/users/1/block", &Value::Null).status, 409);
    assert_eq!(ada.post("/users/9/block", &Value::Null).status, 404);

    assert_eq!(
        ada.post("/users/2/unblock", &Value::Null).json(200)["is_blocked"],
        false
    );
    bob.cookie = bobs_cookie;
    assert_eq!(
        (bob.get("/me").status, machine.get("/me").status),
        (401, 200)
    );
    assert_eq!(bob.sign_in("bob", "analytical engine").status, 204);
}

#[test]
fn another_origin_cannot_use_the_cookie() {
    let example = Example::start();
    let mut ada = example.signed_in("ada");
    for header in [
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: https://example.org\r\n",
    ] {
        ada.headers = header.to_owned();
        for (method, path) in [
            ("POST", "/notes"),
            ("POST", "/keys"),
            ("POST", "/password"),
            ("POST", "/sign-out"),
            ("POST", "/sign-out-everywhere"),
        ] {
            let refused = ada.send(method, path, &json!({"text": "forged", "name": "forged"}));
            assert_eq!(refused.status, 403, "{header} {method} {path}");
        }
        // Nor sign somebody in as somebody else.
        assert_eq!(
            ada.sign_in("ada", "analytical engine").status,
            403,
            "{header}"
        );
        assert_eq!(ada.get("/notes").json(200)["notes"], json!([]));
    }
}

#[test]
fn a_flood_of_wrong_passwords_leaves_the_server_to_others() {
    let example = Example::start();
    let mut ada = example.signed_in("ada");
    let wrong = || {
        let mut visitor = example.visitor();
        visitor.sign_in("ada", "a wrong password").status
    };
    let statuses: Vec<u16> = thread::scope(|scope| {
        let all: Vec<_> = (0..100).map(|_| scope.spawn(wrong)).collect();
        while !all.iter().all(thread::ScopedJoinHandle::is_finished) {
            assert_eq!(ada.get("/me").status, 200);
        }
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // 503 if the machine is so busy that a password takes longer than the timeout of requests.
    let is_refused = |status: &u16| matches!(status, 401 | 429 | 503);
    assert!(statuses.iter().all(is_refused), "{statuses:?}");
    assert!(
        statuses.contains(&401) && statuses.contains(&429),
        "{statuses:?}"
    );
}

#[test]
fn users_sessions_and_keys_survive_a_restart() {
    let example = Example::start();
    let mut ada = example.signed_in("ada");
    let key = ada.new_key("laptop");
    ada.post("/notes", &json!({"text": "kept"}));
    let cookie = ada.cookie.clone();
    let example = example.restart();
    let mut ada = example.visitor();
    ada.cookie = cookie;
    assert_eq!(ada.get("/notes").json(200)["notes"][0]["text"], "kept");
    assert_eq!(example.with_key(&key).get("/me").json(200)["name"], "ada");
    assert_eq!(
        example.visitor().sign_in("ada", "analytical engine").status,
        204
    );
}
