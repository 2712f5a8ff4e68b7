insert into product (id, name, price)
with recursive ids (id) as (select 1 union all select id + 1 from ids where id < 200)
select id, 'tea no. ' || id, 10.00 from ids;
