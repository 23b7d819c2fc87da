//! A team's walk through the tracker.

use resourceful::TestClient;
use serde_json::json;

use crate::database::{Database, User};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn a_team_works_on_a_task() {
    for database in Database::both() {
        let client = TestClient::new(database.app().await).unwrap();
        let ada = User::sign_in(&client, "ada").await;
        let bob = User::sign_in(&client, "bob").await;
        let eve = User::sign_in(&client, "eve").await;
        let taken = json!({"name": "ada", "password": "another engine"});
        let taken = client.post("/v1/sign-up").json(&taken).await;
        assert_eq!(taken.json()["errors"][0]["detail"], "is taken");

        let engines = ada
            .create("/v1/organisations", json!({"name": "Engines"}))
            .await;
        let members = format!("{engines}/members");
        let member = json!({"user_id": bob.id, "role": "member"});
        assert_eq!(bob.post(&members, member.clone()).await.status(), 404);
        let bobs = ada.create(&members, member.clone()).await;
        assert_eq!(ada.post(&members, member).await.status(), 422);
        assert_eq!(bob.get(&bobs).await.json()["name"], "bob");

        // A member sees what an owner may change.
        assert_eq!(bob.put(&bobs, json!({"role": "owner"})).await.status(), 403);
        assert_eq!(
            bob.put(&engines, json!({"name": "Bob's"})).await.status(),
            403
        );
        assert_eq!(bob.delete(&engines).await.status(), 403);
        assert_eq!(bob.get(&engines).await.status(), 200);
        let projects = format!("{engines}/projects");
        let project = json!({"key": "ENG", "name": "Engine"});
        assert_eq!(bob.post(&projects, project.clone()).await.status(), 403);
        let project_path = ada.create(&projects, project.clone()).await;
        let taken = ada.post(&projects, project.clone()).await;
        assert_eq!(
            taken.json()["errors"][0]["pointer"],
            "#/key",
            "{}",
            taken.text()
        );
        let others = eve
            .create("/v1/organisations", json!({"name": "Others"}))
            .await;
        eve.create(&format!("{others}/projects"), project).await;

        let tasks = format!("{project_path}/tasks");
        let task = json!({"title": "Grind the gears", "description": "", "assignee_id": bob.id});
        let of_eve = json!({"title": "Grind", "description": "", "assignee_id": eve.id});
        let refused = ada.post(&tasks, of_eve).await;
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/assignee_id");
        let task = bob.create(&tasks, task).await;
        let written = ada.get(&task).await.json();
        assert_eq!(written["author"]["name"], "bob");
        assert_eq!(
            (&written["state"], &written["version"]),
            (&json!("open"), &json!(1))
        );
        for path in [
            &engines,
            &members,
            &project_path,
            &tasks,
            &task,
            &format!("{task}/comments"),
        ] {
            assert_eq!(eve.get(path).await.status(), 404, "{path}");
        }

        // Of two writers with one version, one wins.
        let changes = json!({"state": "started", "version": 1});
        assert_eq!(bob.patch(&task, changes.clone()).await.json()["version"], 2);
        assert_eq!(ada.patch(&task, changes).await.status(), 409);

        let comments = format!("{task}/comments");
        let comment = bob.create(&comments, json!({"text": "Done by noon"})).await;
        assert_eq!(
            ada.put(&comment, json!({"text": "Never"})).await.status(),
            403
        );
        assert_eq!(ada.get(&comment).await.json()["author"]["name"], "bob");
        assert_eq!(ada.get(&comments).await.json()["pagination"]["total"], 1);

        let attachments = format!("{task}/attachments");
        let plan = bob
            .upload(&format!("{attachments}?name=plan.pdf"), "%PDF")
            .await;
        assert_eq!(plan.status(), 201, "{}", plan.text());
        let plan = format!("{attachments}/{}", plan.json()["id"]);
        let content = ada.get(&format!("{plan}/content")).await;
        assert_eq!(content.text(), "%PDF");
        assert_eq!(
            content.headers()["content-disposition"],
            "attachment; filename=\"plan.pdf\""
        );
        assert_eq!(eve.get(&format!("{plan}/content")).await.status(), 404);
        let large = eve.upload(&format!("{attachments}?name=x"), "x").await;
        assert_eq!(large.status(), 404);

        // A deletion leaves the row, which no request finds.
        assert_eq!(ada.delete(&task).await.status(), 204);
        for path in [&task, &comments, &comment, &plan] {
            assert_eq!(bob.get(path).await.status(), 404, "{path}");
        }
        assert_eq!(ada.get(&tasks).await.json()["pagination"]["total"], 0);

        // An organisation keeps an owner.
        let list = ada.get(&members).await.json();
        let adas = format!("{members}/{}", list["members"][0]["id"]);
        assert_eq!(ada.delete(&adas).await.status(), 409);
        assert_eq!(
            ada.put(&adas, json!({"role": "member"})).await.status(),
            409
        );
        assert_eq!(ada.put(&bobs, json!({"role": "owner"})).await.status(), 200);
        assert_eq!(ada.delete(&adas).await.status(), 204);
        assert_eq!(ada.get(&engines).await.status(), 404);
    }
}

#[tokio::test]
async fn pages_filters_and_orders_need_few_statements() {
    for database in Database::both() {
        let (app, db) = tracker::app(&database.url).await.unwrap();
        let client = TestClient::new(app).unwrap();
        let ada = User::sign_in(&client, "ada").await;
        let path = ada
            .create("/v1/organisations", json!({"name": "Engines"}))
            .await;
        let projects = format!("{path}/projects");
        let path = ada
            .create(&projects, json!({"key": "ENG", "name": "Engine"}))
            .await;
        let tasks = format!("{path}/tasks");
        for number in 0..60 {
            let title = format!("Task {number:02}");
            let assignee = (number % 2 == 0).then_some(ada.id);
            let task = json!({"title": title, "description": "a%b", "assignee_id": assignee});
            ada.create(&tasks, task).await;
        }

        let before = db.statistics().statements;
        let page = ada.get(&format!("{tasks}?limit=50")).await.json();
        assert_eq!(page["tasks"].as_array().unwrap().len(), 50);
        assert_eq!(page["tasks"][49]["author"]["name"], "ada");
        assert_eq!(page["tasks"][0]["title"], "Task 59");
        assert!(page["tasks"][0]["assignee"].is_null());
        assert_eq!(page["tasks"][1]["assignee"]["name"], "ada");
        // The session, the tasks and their number, the assignees, the authors.
        assert_eq!(db.statistics().statements - before, 5);

        let total = async |query: &str| {
            let page = ada.get(&format!("{tasks}?{query}")).await.json();
            page["pagination"]["total"].as_i64().unwrap()
        };
        assert_eq!(total("q=TASK%201").await, 10);
        assert_eq!(total("q=%25").await, 60);
        assert_eq!(total("q=%5F").await, 0);
        assert_eq!(total("state=done").await, 0);
        assert_eq!(
            total(&format!("assignee_id={}&state=open", ada.id)).await,
            30
        );
        assert_eq!(ada.get(&format!("{tasks}?state=lost")).await.status(), 422);
        assert_eq!(
            ada.get(&format!("{tasks}?order=secret")).await.status(),
            422
        );

        // Version 2 continues after the last task, also if one comes or goes meanwhile.
        let mut next = format!("{}?order=title&limit=25", tasks.replace("/v1/", "/v2/"));
        let mut titles = Vec::new();
        loop {
            let page = ada.get(&next).await;
            assert_eq!(page.status(), 200, "{}", page.text());
            let tasks = page.json()["tasks"].as_array().unwrap().clone();
            titles.extend(tasks.into_iter().map(|task| task["title"].clone()));
            ada.create(
                &tasks_path(&path),
                json!({"title": "A", "description": "", "assignee_id": null}),
            )
            .await;
            let Some(link) = page.headers().get("link") else {
                break;
            };
            let link = link.to_str().unwrap();
            next = link[1..link.find('>').unwrap()].to_owned();
        }
        let expected: Vec<_> = (0..60)
            .map(|number| json!(format!("Task {number:02}")))
            .collect();
        assert_eq!(titles, expected);
    }
}

fn tasks_path(project: &str) -> String {
    format!("{project}/tasks")
}
