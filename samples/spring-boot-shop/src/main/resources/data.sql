insert into product select x, 'tea no. ' || x, 1.50 + x / 10.0 from system_range(1, 1000);
