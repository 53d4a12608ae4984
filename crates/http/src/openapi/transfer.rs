//! Contacts in and out of files: the two routes whose bodies are files and not JSON.

use super::about::CONTACTS;
use super::answers::{ANY, BODY, ONCE, envelope, header, responses};
use super::parts::{Field, count, flag, list, may, must, record, text, word};
use super::requests::{operation, takes_header, takes_query};
use contactgram_wire::transfer::Format;
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, PathItemBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{Content, Paths, Required};

/// Mounts both.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let import = operation(
        "importContacts",
        CONTACTS,
        "Adds and updates contacts from a file. vCard 2.1 to 4.0, CSV (ours, Google's and Outlook's columns) or JSON Lines, of at most 256 MiB and 1,000,000 contacts; `Content-Encoding: gzip` may pack it. Lines are matched by id, phone number, username and, where there is nothing else, e-mail address; they are written in batches as they come, so a file that breaks off leaves what came before, and may be sent again. A line that is wrong is refused and the others are taken. An export is a file that this reads.",
    );
    let import = takes_query(takes_header(import, "Idempotency-Key"), import_fields())
        .request_body(Some(
            Format::ALL
                .into_iter()
                .fold(RequestBodyBuilder::new().required(Some(Required::True)), |body, format| {
                    body.content(media_type(format), file(format))
                })
                .build(),
        ))
        .responses(responses([(200, envelope(report(), Some(example())))], &[ANY, BODY, ONCE].concat()));
    let export = operation(
        "exportContacts",
        CONTACTS,
        "All contacts as a file. In the order of their ids; `Accept` may name the format, too. Private fields are in it with `contacts:private` alone. A cell of a CSV file that would begin a formula begins with `'`.",
    );
    let contents = Format::ALL.into_iter().fold(
        ResponseBuilder::new().description("The file.").header_ref("X-Request-Id", header("X-Request-Id")),
        |response, format| response.content(media_type(format), file(format)),
    );
    let export = takes_query(export, export_fields()).responses(responses([(200, contents)], ANY));
    let item = |verb, operation| PathItemBuilder::new().operation(verb, operation).build();
    paths.paths.insert("/contacts/import".to_owned(), item(HttpMethod::Post, import));
    paths.paths.insert("/contacts/export".to_owned(), item(HttpMethod::Get, export));
    paths
}

fn media_type(format: Format) -> &'static str {
    format.media_type().split(';').next().unwrap_or_default()
}

fn formats(about: &str) -> ObjectBuilder {
    word(about, &["jsonl", "csv", "vcard"])
}

fn import_fields() -> Vec<Field> {
    vec![
        may("format", formats("What the file is written in, where its type doesn't say so.")),
        may(
            "on_conflict",
            word(
                "What becomes of a contact that is there: it is given what it lacks, stays as it is, or takes over what the line says.",
                &["merge", "skip", "replace"],
            )
            .default(Some("merge".into())),
        ),
        may("dry_run", flag("Says what would come of it, and writes nothing.").default(Some(false.into()))),
        may(
            "region",
            text("A country's code for numbers without a `+`; the account's own when absent.").examples(["GB"]),
        ),
    ]
}

fn export_fields() -> Vec<Field> {
    vec![
        may("format", formats("").default(Some("jsonl".into()))),
        may("label", text("Only those with this label.")),
        may(
            "q",
            text(
                "Only those that these words find; with `contacts:private` in phone numbers and addresses, too.",
            ),
        ),
    ]
}

fn report() -> ObjectBuilder {
    let refusal = record(
        "A line that was refused.",
        [
            must("line", count("Where it begins in the file, counted from 1.")),
            may("field", text("The field that is wrong, if it is one.")),
            must("why", text("A sentence.")),
        ],
    );
    record(
        "What came of a file.",
        [
            must("added", count("Contacts that are new.")),
            must("updated", count("Contacts that are other than before.")),
            must("unchanged", count("Contacts that were there and are as before.")),
            must("refused", count("Lines that are in no contact.")),
            must(
                "without_number",
                count(
                    "Lines that were taken although none of their phone numbers can be read; those are in `attributes`.",
                ),
            ),
            must("refusals", list("The first 100 of the refused lines.", refusal)),
            may("dry_run", flag("True where nothing was written.")),
        ],
    )
}

fn file(format: Format) -> Content {
    let example = match format {
        Format::Vcard => {
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;John;;;\r\nFN:John Doe\r\nTEL:+1234567890\r\nEND:VCARD\r\n"
        }
        Format::Csv => "first_name,last_name,phone_number\r\nJohn,Doe,+1234567890\r\n",
        Format::Jsonl => "{\"first_name\":\"John\",\"phone_number\":\"+1234567890\"}\n",
    };
    ContentBuilder::new().schema(Some(text(""))).example(Some(example.into())).build()
}

fn example() -> Value {
    json!({
        "added": 41, "updated": 2, "unchanged": 7, "refused": 1, "without_number": 0,
        "refusals": [{"line": 12, "field": "phone_number", "why": "phone_number must be + and 7 to 15 digits, such as +14155550100"}],
    })
}
