"""What people look at: figures, tables, pages.

Figures are data (`Chart`), drawn by matplotlib when somebody asks for them: `Chart.plot` in
notebooks, `Chart.svg` on pages. matplotlib and Jinja2 are imported with the first drawing and the
first page.
"""

from anomed_core.report.attack_figures import (
    epochs_chart,
    histogram_chart,
    roc_chart,
    slices_chart,
)
from anomed_core.report.chart import Axis, Cells, Chart, Display, Guide, Series
from anomed_core.report.keeping import parts_from_json, parts_to_json
from anomed_core.report.markdown_text import markdown
from anomed_core.report.moments import day_of, moment, when, with_moments
from anomed_core.report.page import content_policy, page, style_sheet
from anomed_core.report.parts import (
    Cell,
    Fact,
    Facts,
    Folded,
    Section,
    Table,
    charts_in,
    rendered,
)
from anomed_core.report.prose import (
    Code,
    Columns,
    Drawing,
    Event,
    Listing,
    Notice,
    Side,
    Terms,
    Timeline,
)
from anomed_core.report.table_figures import differences_chart, marginals_chart
from anomed_core.report.trade_figures import Standing, budget_chart, utility_risk_chart
from anomed_core.report.wording import between, percent, plain

__all__ = [
    "Axis",
    "Cell",
    "Cells",
    "Chart",
    "Code",
    "Columns",
    "Display",
    "Drawing",
    "Event",
    "Fact",
    "Facts",
    "Folded",
    "Guide",
    "Listing",
    "Notice",
    "Section",
    "Series",
    "Side",
    "Standing",
    "Table",
    "Terms",
    "Timeline",
    "between",
    "budget_chart",
    "charts_in",
    "content_policy",
    "day_of",
    "differences_chart",
    "epochs_chart",
    "histogram_chart",
    "marginals_chart",
    "markdown",
    "moment",
    "page",
    "parts_from_json",
    "parts_to_json",
    "percent",
    "plain",
    "rendered",
    "roc_chart",
    "slices_chart",
    "style_sheet",
    "utility_risk_chart",
    "when",
    "with_moments",
]
