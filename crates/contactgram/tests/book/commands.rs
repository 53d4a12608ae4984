//! The commands of each page, run in order by one shell beside a server that was started for the first time. What a page asks to be
//! filled in is filled in, and the server's usual address is the one of the test.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use contactgram_testkit::{Options, TestServer};
use serde_json::Value;

use crate::pages::{self, Block, Page};
use crate::shape;

/// Where a server listens that nobody told otherwise.
const ADDRESS: &str = "http://127.0.0.1:8081";

#[tokio::test]
async fn every_command_does_what_the_page_says() {
    let (mut wrong, mut run) = (Vec::new(), 0);
    for page in pages::with_commands() {
        let blocks = page.blocks();
        run += blocks.iter().filter(|block| is_run(block)).count();
        if let Err(why) = try_page(&page, &blocks).await {
            wrong.push(why);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(run > 20, "only {run} blocks of commands were found");
}

fn is_run(block: &Block) -> bool {
    matches!(block.language.as_str(), "sh" | "console") && !block.says("norun")
}

async fn try_page(page: &Page, blocks: &[Block]) -> Result<(), String> {
    if !blocks.iter().any(is_run) {
        return answers_are_json(page, blocks);
    }
    let server = TestServer::start(Options::default()).await;
    let token = first_token(&server).await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = script(blocks, server.url());
    let programs = programs(&server, folder.path());
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(folder.path());
    pages::without_settings(&mut shell);
    shell.env("PATH", format!("{programs}:{path}")).env("OUT", folder.path());
    shell.env("TOKEN", &token).env("API", format!("{}/bot{token}", server.url()));
    shell.env("ADMIN_TOKEN", server.admin_token());
    let ended = tokio::process::Command::from(shell).output().await.expect("there is bash");
    let said = |number: usize, name: &str| {
        fs::read_to_string(folder.path().join(format!("{number}.{name}"))).unwrap_or_default()
    };
    if !ended.status.success() {
        let number: usize = said(0, "now").trim().parse().unwrap_or_default();
        let (line, text) = blocks.get(number).map_or((0, ""), |block| (block.line, block.text.as_str()));
        let (printed, complained) = (said(number, "out"), said(number, "err"));
        let shell = String::from_utf8_lossy(&ended.stderr);
        return Err(format!("{}:{line}: {}\n{text}{printed}{complained}{shell}", page.name(), ended.status));
    }
    let mut last = None;
    for (number, block) in blocks.iter().enumerate() {
        if is_run(block) {
            last = Some(number);
        } else if block.language == "json" {
            let command = last.take().filter(|_| block.is_answer && !block.says("norun"));
            compare(block, command.map(|number| said(number, "out")).as_deref())
                .map_err(|why| format!("{}:{}: {why}", page.name(), block.line))?;
        }
    }
    Ok(())
}

fn answers_are_json(page: &Page, blocks: &[Block]) -> Result<(), String> {
    for block in blocks.iter().filter(|block| block.language == "json") {
        compare(block, None).map_err(|why| format!("{}:{}: {why}", page.name(), block.line))?;
    }
    Ok(())
}

/// What is shown against what came, where that is known.
fn compare(shown: &Block, printed: Option<&str>) -> Result<(), String> {
    let shown: Value = serde_json::from_str(&shown.text).map_err(|why| format!("no JSON: {why}"))?;
    let Some(printed) = printed else { return Ok(()) };
    let answers: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(printed).into_iter().collect();
    let real = answers.ok().and_then(|mut answers| answers.pop());
    let real = real.ok_or_else(|| format!("the command printed no JSON: {printed}"))?;
    shape::difference(&shown, &real).map_or(Ok(()), |why| Err(format!("{why}: {real}")))
}

async fn first_token(server: &TestServer) -> String {
    let accounts = server.cli_json(&["account", "list", "--json"]).await;
    let id = accounts[0]["id"].as_i64().expect("a first start makes an account").to_string();
    let made = server.cli_json(&["token", "add", &id, "--json"]).await;
    made["token"].as_str().expect("a token is text").to_owned()
}

/// A folder for the shell's PATH: the program on the server's data, and a curl for which a refusal is a failure.
fn programs(server: &TestServer, folder: &Path) -> String {
    let (programs, data) = (folder.join("bin"), server.data().join("data"));
    fs::create_dir(&programs).expect("the folder can be written to");
    let scripts = [
        (
            "contactgram",
            format!(
                "#!/bin/sh\nCONTACTGRAM_DATA=${{CONTACTGRAM_DATA-{}}} exec {} \"$@\"\n",
                data.display(),
                pages::PROGRAM
            ),
        ),
        (
            "curl",
            "#!/bin/sh\nPATH=${PATH#*:} exec curl --silent --show-error --fail-with-body \"$@\"\n".to_owned(),
        ),
    ];
    for (name, script) in scripts {
        let file = programs.join(name);
        fs::write(&file, script).expect("the folder can be written to");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).expect("it is ours");
    }
    programs.display().to_string()
}

/// All blocks in one script, so that what one sets the next has.
fn script(blocks: &[Block], url: &str) -> String {
    let mut script = "set -euo pipefail\n".to_owned();
    for (number, block) in blocks.iter().enumerate() {
        let hidden: Vec<_> = block.notes.iter().filter_map(|note| note.strip_prefix("sh:")).collect();
        let shown = if is_run(block) { commands(block) } else { String::new() };
        if hidden.is_empty() && shown.is_empty() {
            continue;
        }
        script.push_str(&format!("echo {number} > \"$OUT/0.now\"\n"));
        for hidden in hidden {
            script.push_str(&format!("{{ {hidden}\n}} > \"$OUT/{number}.out\" 2> \"$OUT/{number}.err\"\n"));
        }
        let to = format!("> \"$OUT/{number}.out\" 2> \"$OUT/{number}.err\"");
        if block.says("refused") {
            script.push_str(&format!(
                "if (\n{shown}\n) {to}; then echo 'it was not refused' >&2; exit 1; fi\n"
            ));
        } else if !shown.is_empty() {
            script.push_str(&format!("{{\n{shown}\n}} {to}\n"));
        }
    }
    script.replace(ADDRESS, url)
}

/// What there is to run, without what the reader is to fill in.
fn commands(block: &Block) -> String {
    let mut lines = Vec::new();
    let mut goes_on = false;
    for line in block.text.lines() {
        let line = match block.language.as_str() {
            "console" if goes_on => line,
            "console" => match line.strip_prefix("$ ") {
                Some(line) => line,
                None => continue,
            },
            _ => line,
        };
        goes_on = line.ends_with('\\');
        let is_filled_in =
            ["TOKEN=", "API=", "ADMIN_TOKEN=", "alias "].iter().any(|start| line.starts_with(start));
        if !is_filled_in {
            lines.push(line);
        }
    }
    lines.join("\n")
}
