import io

from rich.console import Console

from forethought.server.backend.report import RichReport


def test_without_a_terminal_progress_is_a_line_now_and_then() -> None:
    output = io.StringIO()
    report = RichReport(Console(file=output, width=200))
    for second in range(31):
        report.progress("starting", second, None, "[loading]")
    report.finish("starting")
    for part in range(5):
        report.progress("downloading", part, 4)
    assert output.getvalue().splitlines() == [
        "starting: 0 s",
        "starting: 15 s",
        "starting: 30 s",
        "downloading: 0 of 4",
        "downloading: 1 of 4",
        "downloading: 2 of 4",
        "downloading: 3 of 4",
        "downloading: 4 of 4",
    ]


def test_on_a_terminal_a_bar_shows_the_detail_as_it_is_and_goes_away() -> None:
    output = io.StringIO()
    report = RichReport(Console(file=output, width=200, force_terminal=True))
    report.progress("starting", 1, None, "[bold]loading[/]")
    report.say("a line [with brackets]")
    report.finish("starting")
    report.finish("never shown")
    assert "[bold]loading" in output.getvalue()
    assert "a line [with brackets]" in output.getvalue()
