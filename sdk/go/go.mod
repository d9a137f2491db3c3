module sluice.example/sdk/go

go 1.24
