//! Results with a status, header fields or content that is not JSON.

use futures_util::TryStreamExt as _;
use resourceful::prelude::*;
use resourceful::{
    Accepted, Binary, Created, Csv, NoContent, NoInput, OnCollection, OnItem, Text, WithHeaders,
};
use resourceful_client::{Client, ResourceClient, ResourceError};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Film {
    id: i64,
    title: String,
}

fn alien() -> Film {
    Film {
        id: 7,
        title: "Alien, again".to_owned(),
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Limits {
    quota_left: u32,
    quota_kind: String,
    tags: Vec<i64>,
    other: Option<bool>,
}

fn limits() -> Limits {
    Limits {
        quota_left: 41,
        quota_kind: "12".to_owned(),
        tags: vec![1, 2],
        other: None,
    }
}

struct Films;

#[resource]
impl AsyncResource for Films {
    type Access = Public;

    async fn create(&self, _: &Request, new: Film) -> Result<Created<Film>> {
        let id = new.id;
        Ok(Created(new).at(id))
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<WithHeaders<Film, Limits>> {
        if id != 7 {
            return Err(Error::not_found("Film not found"));
        }
        Ok(alien().with_headers(limits()))
    }

    async fn destroy(&self, _: &Request, _id: i64) -> Result<Accepted<NoContent>> {
        Ok(Accepted(NoContent).at_path("/jobs/7").retry_after(5))
    }

    #[action(GET, "subtitles")]
    async fn subtitles(&self, _: &Request, id: i64) -> Result<Text> {
        Ok(Text(format!("film {id}\n")))
    }

    #[action(GET, "poster")]
    async fn poster(&self, _: &Request, _id: i64) -> Result<Binary> {
        Ok(Binary::new(vec![0, 255]))
    }

    #[action(GET, "export")]
    async fn export(&self, _: &Request) -> Result<Csv<Film>> {
        Ok(Csv::new([alien(), alien()]))
    }
}

#[tokio::test]
async fn results_of_each_type_are_read() {
    let server = App::new().resource("/films", Films);
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", server.local_addr());
    tokio::spawn(server.run());
    let films = Client::new(&url).unwrap();
    let films = ResourceClient::<Films>::with_client(films, "/films").unwrap();

    let created = films.create(&alien()).await.unwrap();
    assert_eq!(created.location(), Some("/films/7"));
    assert_eq!(created.title, "Alien, again");
    assert_eq!(created.into_inner(), alien());

    let found = films.retrieve(&7).await.unwrap();
    assert_eq!(found.headers(), &limits());
    assert_eq!(found.into_inner(), alien());

    let accepted = films.destroy(&7).await.unwrap();
    assert_eq!(accepted.location(), Some("/jobs/7"));
    assert_eq!(accepted.retry_after_seconds(), Some(5));

    let text = films.call::<FilmsSubtitles>(OnItem(7), NoInput).await;
    assert_eq!(text.unwrap(), Text::from("film 7\n"));
    let poster = films.call::<FilmsPoster>(OnItem(7), NoInput).await;
    assert_eq!(poster.unwrap().as_bytes(), Some(&[0, 255][..]));
    let table = films.call::<FilmsExport>(OnCollection, NoInput).await;
    let rows: Vec<_> = table.unwrap().into_rows().try_collect().await.unwrap();
    assert_eq!(rows, [alien(), alien()]);

    match films.retrieve(&8).await {
        Err(ResourceError::Problem(problem)) => assert_eq!(problem.status(), 404),
        other => panic!("{other:?}"),
    }
}
