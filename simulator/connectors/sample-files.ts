/** A file with what a real one brings: a quoted comma, a missing value written out as "NA". */
const cashflow = `id,booking_date,value_date,account,counterparty,country,category,amount,currency,balance
1,2026-01-05,2026-01-05,IT60X0542811101,Acme Supplies,IT,materials,-1250.00,EUR,48750.00
2,2026-01-07,2026-01-08,IT60X0542811101,"Rossi, Bianchi & Partners",IT,legal,-3400.50,EUR,45349.50
3,2026-01-09,2026-01-09,IT60X0542811101,Namib Trading,NA,sales,12800.00,EUR,58149.50
4,2026-01-12,2026-01-12,IT60X0542811101,Payroll,IT,salaries,-21300.00,EUR,36849.50
5,2026-01-15,2026-01-16,DE89370400440532,Rhein Logistik,DE,transport,-980.20,EUR,35869.30
6,2026-01-19,2026-01-19,DE89370400440532,Nord Energie,DE,utilities,-612.75,EUR,35256.55
7,2026-01-21,2026-01-21,IT60X0542811101,Lumière SARL,FR,sales,7450.00,EUR,42706.55
8,2026-01-23,2026-01-26,GB29NWBK60161331,Thames Consulting,GB,services,-1800.00,GBP,40906.55
9,2026-01-26,2026-01-26,IT60X0542811101,Agenzia delle Entrate,IT,taxes,-5120.00,EUR,35786.55
10,2026-01-28,2026-01-28,US64SVBKUS6S3300,Hudson Retail,US,sales,15990.99,USD,51777.54
11,2026-01-30,2026-01-30,IT60X0542811101,Acme Supplies,IT,materials,-2210.40,EUR,49567.14
12,2026-01-31,2026-01-31,IT60X0542811101,Bank fees,IT,fees,-18.90,EUR,49548.24
`;

/** By name, below /_simulator/files. */
export const sampleFiles = new Map([['cashflow.csv', cashflow]]);
