//! The macros in the expansion of another macro, with fields whose names are keywords, columns of other names, and
//! a relation of a table to itself.

use resourceful::prelude::*;
use resourceful_db::{Changeset, Db, Filter, Item, ModelResource, Order, Ordered, Scope};
use sea_orm::ConnectionTrait;
use serde_json::json;

mod entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "entry")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub r#type: String,
        pub parent_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "Entity", from = "Column::ParentId", to = "Column::Id")]
        Parent,
    }

    impl Related<Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Parent.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

macro_rules! entries {
    ($id:ty, $text:ty, $parent:ident: $optional:ty) => {
        #[derive(Debug, Serialize, JsonSchema, Item)]
        #[item(entity = entry::Entity)]
        struct Entry {
            id: $id,
            r#type: $text,
            #[item(column = parent_id)]
            $parent: $optional,
            #[item(from = entry::Column::Type)]
            parent_type: Option<$text>,
        }

        #[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
        #[changeset(entity = entry::Entity)]
        #[serde(rename_all = "camelCase")]
        #[garde(allow_unvalidated)]
        struct NewEntry {
            r#type: $text,
            parent_id: $optional,
            #[serde(default)]
            #[changeset(skip)]
            #[expect(dead_code, reason = "no column")]
            comment: $optional,
        }

        #[derive(Debug, Deserialize, JsonSchema, Validate, Filter)]
        #[filter(entity = entry::Entity)]
        #[serde(rename_all = "camelCase")]
        #[garde(allow_unvalidated)]
        struct EntryFilter {
            r#type: Option<$text>,
            #[filter(parent_id, is_null)]
            is_root: Option<bool>,
            #[filter(r#type, starts_with)]
            begins: Option<String>,
        }

        #[resource(only(list, create, retrieve, destroy))]
        impl ModelResource for Entries {
            type Access = Public;
            type Entity = entry::Entity;
            type Item = Entry;
            type Create = NewEntry;
            type Query = Filtered<EntryFilter, Ordered<EntryOrder>>;

            fn visible(&self, _: &Request) -> Scope<entry::Entity> {
                Scope::all()
            }
        }
    };
}

#[derive(Clone, Copy, Debug, Order)]
#[order(entity = entry::Entity)]
enum EntryOrder {
    #[order(rename = "kind", r#type asc)]
    Type,
    #[order(id desc)]
    LastFirst,
}

#[derive(AsRef)]
struct Entries {
    #[as_ref]
    db: Db,
}

entries!(i64, String, above: Option<i64>);

#[tokio::test]
async fn fields_have_their_names_in_table_and_document() {
    assert_eq!(EntryOrder::NAMES, ["kind", "last_first"]);
    assert_eq!(
        NewEntry::MEMBERS,
        [("type", "type"), ("parent_id", "parentId")]
    );
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.execute_unprepared(
        "CREATE TABLE entry (id integer PRIMARY KEY, type text NOT NULL, parent_id integer REFERENCES entry)",
    )
    .await
    .unwrap();
    let app = App::new().resource("/entries", Entries { db });
    let document = app.openapi().unwrap();
    let operation = &document.as_value()["paths"]["/entries"]["get"];
    assert_eq!(operation["summary"], "Lists the entries.");
    let client = TestClient::new(app).unwrap();
    for (number, body) in [json!({"type": "b"}), json!({"type": "a", "parentId": 1})]
        .iter()
        .enumerate()
    {
        let created = client.post("/entries").json(body).await;
        assert_eq!(created.status(), 201, "{}", created.text());
        let location = format!("/entries/{}", number + 1);
        assert_eq!(created.headers()["location"], location.as_str());
    }
    let types = async |path: &str| {
        let list = client.get(path).await;
        assert_eq!(list.status(), 200, "{}", list.text());
        let list = list.json();
        let entries = list["entries"].as_array().unwrap().iter();
        entries
            .map(|entry| json!([entry["type"], entry["above"], entry["parent_type"]]))
            .collect::<Vec<_>>()
    };
    let root = json!(["b", null, null]);
    let leaf = json!(["a", 1, "b"]);
    assert_eq!(types("/entries").await, [leaf.clone(), root.clone()]);
    assert_eq!(
        types("/entries?isRoot=true").await,
        std::slice::from_ref(&root)
    );
    assert_eq!(
        types("/entries?isRoot=false").await,
        std::slice::from_ref(&leaf)
    );
    assert_eq!(types("/entries?type=b").await, [root]);
    assert_eq!(types("/entries?begins=a&order=last_first").await, [leaf]);
    assert_eq!(client.get("/entries?order=type").await.status(), 422);
    assert_eq!(client.delete("/entries/2").await.status(), 204);
    let changed = client.patch("/entries/1").json(&json!({})).await;
    assert_eq!(changed.status(), 405);
}
