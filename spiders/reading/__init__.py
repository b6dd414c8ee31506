"""What a page says: text in, values out. Pure: no clock, no network, no Scrapy."""
