"""What sells, what grows and declines, which products bring customers, what runs short."""

from __future__ import annotations

from dashboards.cockpit.blocks import Chart, Figures, Filter, Form, Page, Table
from reports import wording
from reports.definition import Column, Kind, TableDefinition
from reports.wording import Phrase

PRODUCT = Phrase("Article", "Articolo", "Product")
RANGE = Filter(Column("product_range"))
SALES = """
    select
        sales.*,
        companies.name as company,
        products.product_code,
        products.product_range,
        coalesce(products.name, customers.name, sales.member_id) as member
    from kpi.top_sales_monthly as sales
    left join core.dim_company as companies on sales.company_id = companies.company_id
    left join core.dim_product as products on sales.member_id = products.product_id
    left join core.dim_customer as customers on sales.member_id = customers.customer_id
    where sales.month_start <= $as_of
"""

PRODUCTS = Page(
    name="products",
    title=Phrase("Articles", "Articoli", "Products"),
    lead=Phrase(
        "Ce qui se vend, ce qui monte et descend, ce qui amène des clients, ce qui va manquer.",
        "Ciò che si vende, ciò che sale e scende, ciò che porta clienti, ciò che mancherà.",
        "What sells, what grows and declines, what brings customers, what will run short.",
    ),
    has_months=True,
    filters=(RANGE,),
    blocks=(
        Figures(
            {
                "net_sales": "products/top",
                "margin_rate": "products/top",
                "order_lines_at_risk_of_shortage": "products/shortages",
            }
        ),
        Chart(
            name="ranges",
            title=Phrase("Ventes par gamme", "Vendite per gamma", "Sales by range"),
            query=f"{SALES} and sales.level = 'range'",
            x=Column("month_start", Kind.MONTH),
            series=Column("member", heading=Phrase("Gamme", "Gamma", "Range")),
            y=Column("net_sales_excl_tax", Kind.MONEY),
            form=Form.COLUMNS,
        ),
        Chart(
            name="momentum_by_range",
            title=Phrase(
                "Évolution sur un an, par gamme",
                "Andamento in un anno, per gamma",
                "Change over a year, by range",
            ),
            query="select * from kpi.range_momentum where has_two_years and as_of_date = $as_of",
            x=Column("product_range"),
            y=Column(
                "change_excl_tax",
                Kind.SHARE,
                heading=Phrase("Évolution", "Variazione", "Change"),
            ),
            over="net_sales_before_excl_tax",
            form=Form.BARS,
            order="2 desc nulls last, 1",
        ),
        Table(
            "top",
            TableDefinition(
                title=Phrase(
                    "Meilleures ventes du mois", "Più venduti del mese", "Top sales of the month"
                ),
                query=f"""
                    {SALES} and sales.level = 'product'
                        and sales.month_start = date_trunc('month', $as_of)
                """,
                order="net_sales_excl_tax desc nulls last, member, member_id, company, unit",
                columns=(
                    Column("company", heading=wording.COMPANY, is_printed=True),
                    Column("product_code", is_printed=True),
                    Column("member", heading=PRODUCT, width=30, is_printed=True),
                    Column("product_range", is_printed=True),
                    Column("abc_class", is_printed=True),
                    Column("net_quantity", Kind.DECIMAL, is_printed=True),
                    Column("unit"),
                    Column("currency_code", width=8),
                    Column("net_sales_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                    Column("margin_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                    Column("margin_rate", Kind.SHARE, is_printed=True),
                    Column("sales_share", Kind.SHARE),
                ),
                has_customers=False,
            ),
            search=("member", "product_code"),
            filters=(Filter(Column("abc_class")),),
        ),
        Table(
            "momentum",
            TableDefinition(
                title=Phrase(
                    "Gammes : d'où vient l'évolution",
                    "Gamme: da dove viene la variazione",
                    "Ranges: where the change comes from",
                ),
                query="""
                    select momentum.*, companies.name as company
                    from kpi.range_momentum as momentum
                    left join core.dim_company as companies
                        on momentum.company_id = companies.company_id
                    where momentum.as_of_date = $as_of
                """,
                order="change_excl_tax desc nulls last, product_range, company",
                columns=(
                    Column("company", heading=wording.COMPANY, is_printed=True),
                    Column("product_range", is_printed=True),
                    Column("momentum", Kind.CODE, is_printed=True),
                    Column("currency_code", width=8),
                    Column("net_sales_before_excl_tax", Kind.MONEY, is_totalled=True),
                    Column("net_sales_now_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                    Column("change_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                    Column("change_rate", Kind.SHARE, is_printed=True),
                    Column("price_effect_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                    Column("volume_effect_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                    Column("mix_effect_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True),
                    Column("new_effect_excl_tax", Kind.MONEY, is_totalled=True),
                    Column("discontinued_effect_excl_tax", Kind.MONEY, is_totalled=True),
                ),
                has_customers=False,
            ),
            lines=12,
        ),
        Table(
            "roles",
            TableDefinition(
                title=Phrase("Rôles des articles", "Ruoli degli articoli", "Roles of the products"),
                query="""
                    select
                        roles.*, companies.name as company, products.product_code,
                        products.name as product
                    from kpi.product_role as roles
                    left join core.dim_company as companies
                        on roles.company_id = companies.company_id
                    left join core.dim_product as products on roles.product_id = products.product_id
                    where
                        roles.as_of_date = $as_of
                        and (roles.is_entry_product or roles.is_loss_leader)
                """,
                order="is_unsuspected desc, is_loss_leader desc, net_sales_excl_tax desc "
                "nulls last, product_id, company",
                columns=(
                    Column("company", heading=wording.COMPANY, is_printed=True),
                    Column("product_code", is_printed=True),
                    Column("product", heading=PRODUCT, width=30, is_printed=True),
                    Column("product_range"),
                    Column("is_entry_product", Kind.YES_NO, is_printed=True),
                    Column("is_loss_leader", Kind.YES_NO, is_printed=True),
                    Column("is_unsuspected", Kind.YES_NO, is_printed=True),
                    Column("currency_code", width=8),
                    Column("net_sales_excl_tax", Kind.MONEY, is_printed=True),
                    Column("margin_rate", Kind.SHARE, is_printed=True),
                    Column("first_order_share", Kind.SHARE, is_printed=True),
                    Column("later_order_share", Kind.SHARE, is_printed=True),
                    Column("basket_margin_with_excl_tax", Kind.MONEY),
                    Column("basket_margin_without_excl_tax", Kind.MONEY),
                ),
                has_customers=False,
            ),
            search=("product", "product_code"),
        ),
        Table(
            "shortages",
            TableDefinition(
                title=Phrase("Ruptures à venir", "Rotture in arrivo", "Coming shortages"),
                query="""
                    select
                        stock.*, companies.name as company, products.product_code,
                        products.name as product
                    from kpi.stock_coverage as stock
                    left join core.dim_company as companies
                        on stock.company_id = companies.company_id
                    left join core.dim_product as products on stock.product_id = products.product_id
                    where stock.as_of_date = $as_of and stock.lines_at_risk > 0
                """,
                order="first_day_short nulls last, amount_at_risk_excl_tax desc nulls last, "
                "product_id, site",
                columns=(
                    Column("company", heading=wording.COMPANY),
                    Column("site", is_printed=True),
                    Column("product_code", is_printed=True),
                    Column("product", heading=PRODUCT, width=30, is_printed=True),
                    Column("product_range"),
                    Column("first_day_short", Kind.DATE, is_printed=True),
                    Column("quantity_on_hand", Kind.DECIMAL, is_printed=True),
                    Column("firm_quantity", Kind.DECIMAL, is_printed=True),
                    Column("quantity_short", Kind.DECIMAL, is_printed=True),
                    Column("next_receipt_on", Kind.DATE, is_printed=True),
                    Column("lines_at_risk", Kind.COUNT, is_totalled=True, is_printed=True),
                    Column("orders_at_risk", Kind.COUNT),
                    Column("currency_code", width=8),
                    Column(
                        "amount_at_risk_excl_tax", Kind.MONEY, is_totalled=True, is_printed=True
                    ),
                ),
                has_customers=False,
            ),
            search=("product", "product_code"),
            filters=(Filter(Column("site")),),
        ),
    ),
)
